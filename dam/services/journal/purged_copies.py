"""Copies in a mirror of what the library has removed for good, and their removal.

A mirror keeps what no asset has: it may be all that is left after a mishap with the database. Only contents whose last
word in the journal is that their asset was removed for good may go, and no asset may have them now. They go as garbage
does: past the grace age, under the locks of both stores, after a second look.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dam.core.errors import StoreError
from dam.core.interrupts import deferred, note_change
from dam.models.operation import Operation
from dam.services.components import ecs
from dam.services.journal.gc import BATCH, MAX_SUSPECTS, check_database, without_asset
from dam.services.library import Library
from dam.services.manifest.owners import Said, last_said
from dam.services.mirrors.copies import has_copy, other_copies
from dam.services.mirrors.mirrors import OpenMirror
from dam.storage.local import LocalBlobStore


@dataclass(frozen=True)
class PurgedCopy:
    """A copy in a mirror of a content that was removed for good, and what became of it, or would in a dry run."""

    sha256: str
    size: int
    freed: int
    """How many bytes its removal frees; 0 if it is kept."""
    is_last_copy: bool
    """Whether no other mirror has a sound copy: it is kept, unless last copies are asked for."""
    is_kept: bool


def purged_copies(library: Library, mirror: OpenMirror) -> Iterator[tuple[str, int]]:
    """Yield the digests and sizes of the contents in a mirror that were removed for good, and that no asset has."""
    with library.read() as session:
        if session.scalar(select(Operation.id).where(Operation.kind == "purge").limit(1)) is None:
            return
    for keys in ecs.batched(_ownerless(library, mirror.store), MAX_SUSPECTS):
        said = last_said(library.store.manifest, keys)
        for key in keys:
            size = mirror.store.size(key) if said.get(key) is Said.PURGED else None
            if size is not None:
                yield key, size


def _ownerless(library: Library, store: LocalBlobStore) -> Iterator[str]:
    for some in ecs.batched(store.keys()):
        with library.read() as session:
            ownerless = without_asset(session, some)
        yield from ownerless


def clean(
    library: Library,
    mirror: OpenMirror,
    others: Sequence[OpenMirror],
    *,
    grace: float,
    last_copies: bool = False,
    dry_run: bool = False,
) -> Generator[PurgedCopy, None, None]:
    """Remove from a mirror what was removed for good, and was published there at least `grace` seconds ago.

    What none of the `others` has stays, unless `last_copies` are asked for. Their copies are read; in a dry run, their
    sizes are enough.

    Raises:
        OldDatabaseError: the database lacks what the manifest has.
        LockedError: an ingest runs.
        StoreError: the mirror cannot be written or locked.

    """
    check_database(library, dry_run=dry_run)
    before = mirror.store.clock() - grace
    stores = [each.store for each in others if each.info.id != mirror.info.id]
    old = (each for each in purged_copies(library, mirror) if _is_old(mirror.store, each[0], before))
    for batch in ecs.batched(old, BATCH):
        # Read before the lock is taken: an ingest would wait
        copies = {key: other_copies(mirror.store, stores, key, size, content=not dry_run) for key, size in batch}
        last = {key for key, there in copies.items() if not there}
        gone = {key: size for key, size in batch if last_copies or key not in last}
        freed = gone if dry_run else _remove(library, mirror.store, gone, {} if last_copies else copies)
        for key, size in batch:
            if key not in gone:
                yield PurgedCopy(key, size, 0, is_last_copy=True, is_kept=True)
            elif key in freed:
                yield PurgedCopy(key, size, freed[key], is_last_copy=key in last, is_kept=False)


def _is_old(store: LocalBlobStore, key: str, before: float) -> bool:
    try:
        return store.published_at(key) <= before
    except StoreError:  # it has gone meanwhile
        return False


def _remove(
    library: Library, store: LocalBlobStore, sizes: dict[str, int], copies: dict[str, list[LocalBlobStore]]
) -> dict[str, int]:
    """Remove what still has no asset, and still has its other `copies`; return the bytes that this has freed."""
    with deferred(), library.store.alone(), store.alone():
        with library.read() as session:
            still = without_asset(session, list(sizes))
        freed = {}
        for key in still:
            if key in copies and not any(has_copy(other, key, sizes[key]) for other in copies[key]):
                continue  # another process has just cleaned that mirror
            freed[key] = store.remove(key)
            note_change()
    return freed
