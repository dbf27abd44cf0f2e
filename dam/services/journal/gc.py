"""Remove the blobs that no asset has: those of assets that were removed for good, and leftovers of killed ingests.

A blob is removed only while the store is locked against everybody who stores (`BlobStore.alone`), after a second look
at the database. An ingest holds its side of the lock from before it asks whether the store has a blob until its rows
are committed. So either it has committed, and the second look finds the asset, or it has not looked yet, and stores the
blob anew. The database's own lock would not do: an ingest relies on a blob before its transaction begins. The lock is
held for one batch at a time, so that ingests hardly wait.
"""

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core import interrupts
from dam.core.interrupts import deferred
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.manifest.owners import Said, last_said
from dam.storage.modes import REFERENCE_STORAGE

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3600.0
"""Default age below which a blob stays: its owner may be about to come."""
BATCH = 100
"""Number of blobs that are removed under one lock."""
MAX_SUSPECTS = 100_000
"""Number of blobs that the manifest is asked for at once."""
THUMBNAILS = "thumbnails"


@dataclass(frozen=True)
class Garbage:
    """A blob that no asset has, and was removed, or in a dry run would be."""

    sha256: str
    size: int
    freed: int
    """How many bytes that frees: none if a hard link elsewhere has them. In a dry run, the size."""


def collect_garbage(
    library: Library, *, grace: float = GRACE_SECONDS, dry_run: bool = False, keys: Iterable[str] | None = None
) -> Generator[Garbage, None, None]:
    """Remove blobs that no asset has, and yield them; those that are younger than `grace` seconds stay.

    `keys` limits it to some blobs whose assets are known to have been removed for good. By default the whole store is
    looked through, and what an asset has by the manifest stays, too: the database may have lost the asset.

    Raises:
        OldDatabaseError: the database lacks what the manifest has, so the assets of newer blobs.
        LockedError: an ingest runs.
        StoreError: a blob cannot be removed, or the store cannot be locked.

    """
    store = library.store
    check_database(library, dry_run=dry_run)
    began = store.clock()
    suspects = _suspects(library, store.keys() if keys is None else keys, began - grace)
    for batch in ecs.batched(suspects if keys is not None else _not_owned(library, suspects), BATCH):
        if dry_run:
            yield from (Garbage(key, size, size) for key in batch if (size := store.size(key)) is not None)
        else:
            yield from _remove(library, batch, began - grace)


def _suspects(library: Library, keys: Iterable[str], before: float) -> Iterator[str]:
    """Yield those of some blobs that no asset has, and that were published before some time."""
    for some in ecs.batched(keys):
        with library.read() as session:
            ownerless = without_asset(session, some)
        yield from (key for key in ownerless if _is_old(library, key, before))


def _not_owned(library: Library, keys: Iterable[str]) -> Iterator[str]:
    """Leave out the blobs that an asset has by the manifest. It is read once for many."""
    for some in ecs.batched(keys, MAX_SUSPECTS):
        said = last_said(library.store.manifest, some)
        owned = [key for key in some if said.get(key) is Said.OWNED]
        if owned:
            logger.warning(
                "%d blobs without an asset stay, because one has them by the manifest in the store: dam-cli repair "
                "makes assets of them",
                len(owned),
            )
        yield from (key for key in some if said.get(key) is not Said.OWNED)


def check_database(library: Library, *, dry_run: bool) -> None:
    """Make sure that the database is as new as the manifest, and the manifest as the database."""
    if dry_run:
        library.manifest_writer.refuse_old_database()
    else:
        library.manifest_writer.catch_up()


def _remove(library: Library, keys: Sequence[str], before: float) -> list[Garbage]:
    """Remove blobs that still have no asset, now that nobody stores any."""
    store = library.store
    removed = []
    with deferred(), store.alone():
        with library.read() as session:
            still = without_asset(session, keys)
        for key in still:
            size = store.size(key)
            if size is None or not _is_old(library, key, before):
                continue
            removed.append(Garbage(key, size, store.remove(key)))
            _remove_thumbnails(library, key)
            interrupts.note_change()
    return removed


def _is_old(library: Library, key: str, before: float) -> bool:
    """Return whether a blob was published before some time, by the store's clock."""
    return library.store.size(key) is not None and library.store.published_at(key) <= before


def without_asset(session: Session, keys: Sequence[str]) -> list[str]:
    """Return those of some keys that no asset has, neither as its content nor as its place in the store.

    The content of an asset counts even if the asset is only referenced: its blob may be the last copy.
    """
    sha256, place = ContentHashSha256Component.hash_value, FileLocationComponent
    owned = set(session.scalars(select(sha256).where(sha256.in_(keys))))
    stored = select(place.file_identifier).where(
        place.file_identifier.in_(keys), place.storage_type != REFERENCE_STORAGE
    )
    owned.update(session.scalars(stored))
    return [key for key in keys if key not in owned]


def _remove_thumbnails(library: Library, key: str) -> None:
    """Remove the thumbnails of a content: a picture of what was removed must not stay behind."""
    folder = library.store.cache_folder() / THUMBNAILS
    for place in folder.glob(f"*/{key[:2]}/{key}.*"):
        with suppress(OSError):
            place.unlink()
