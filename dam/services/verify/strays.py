"""What is in the store and belongs to no asset, or is not where it belongs."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from dam.core.database import fetched
from dam.models.file_location_component import FileLocationComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.verify.findings import Finding, Problem
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore
from dam.storage.local_layout import Stray, entries
from dam.storage.modes import REFERENCE_STORAGE

_DETAILS = {
    Problem.MISPLACED: "a blob is in the wrong folder",
    Problem.JUNK: "dam did not put this into the store",
    Problem.QUARANTINED: "a damaged blob was set aside here",
}


def strays(library: Library, store: BlobStore, *, is_mirror: bool) -> Iterator[Finding]:
    """Yield what does not belong in a store. A mirror may have blobs that no asset owns: nothing is deleted there."""
    suspects: list[str] = []
    for found in ecs.batched(entries(store.root) if isinstance(store, LocalBlobStore) else store.keys()):
        yield from (_finding(entry) for entry in found if isinstance(entry, Stray))
        if not is_mirror:
            with library.peek() as connection:
                suspects += _without_owner(connection, [entry for entry in found if isinstance(entry, str)])
    yield from _orphaned(library, store, suspects)


def _orphaned(library: Library, store: BlobStore, suspects: list[str]) -> Iterator[Finding]:
    """Find blobs without an asset. They are checked twice, because an ingest publishes blobs before it writes rows.

    Blobs published since the oldest running ingest began are skipped: their rows may not have been written yet.
    """
    since = store.unsettled_since()  # before the second check: an ingest that has ended has written its rows
    for keys in ecs.batched(suspects):
        with library.peek() as connection:
            orphans = _without_owner(connection, keys)
        for key in orphans:
            if since is None or store.size(key) is None or store.published_at(key) < since:
                yield Finding(Problem.ORPHANED, "no asset owns this blob", sha256=key)


def _finding(stray: Stray) -> Finding:
    problem = Problem(stray.kind.value)
    return Finding(problem, stray.reason or _DETAILS[problem], sha256=stray.key, path=str(stray.path))


def _without_owner(connection: Connection, keys: list[str]) -> list[str]:
    location = FileLocationComponent
    statement = select(location.file_identifier).where(
        location.file_identifier.in_(keys), location.storage_type != REFERENCE_STORAGE
    )
    owned = set(fetched(connection.scalars(statement).all))
    return [key for key in keys if key not in owned]
