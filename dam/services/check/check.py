"""Check which files the library has: discover → look up by state → read → look up by content → compare."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from dam.media.files.selection import EVERYTHING, Selection
from dam.media.files.walk import FoundFile, WalkBatch
from dam.services.catalogue import ecs
from dam.services.catalogue.recorded_files import (
    RecordedFiles,
    current_sets,
    find_recorded,
    recorded_among,
    recorded_in,
)
from dam.services.check.digest import DigestRequest, FileDigest
from dam.services.check.holdings import holdings_by_id, holdings_by_sha256
from dam.services.check.outcome import CheckedFile, Status
from dam.services.check.sums import Sum
from dam.services.ingest.discover import discover
from dam.services.library import Library
from dam.services.processes.pool import Pool, given_or_open

BATCH = 256
"""Number of files that were read and are looked up together."""

_Item: TypeAlias = list[CheckedFile] | FileDigest
"""Files that need not be read, together, or one that was read."""


@dataclass(frozen=True)
class CheckOptions:
    """How files are checked."""

    exact: bool = False
    """Whether files that the library does not have are not compared with what it has."""
    rehash: bool = False
    """Whether files are read that look unchanged since they were added."""
    selection: Selection = EVERYTHING


DEFAULT = CheckOptions()


def check(
    library: Library,
    paths: Iterable[str | Sequence[str]],
    options: CheckOptions = DEFAULT,
    *,
    pool: Pool | None = None,
) -> Generator[CheckedFile, None, None]:
    """Yield for each file at and below some paths whether the library has it, in order. Nothing is written.

    A file with the path, size, times and inode of an earlier ingest is not read. A library has a content if the blob
    has the recorded size, or for a reference, if a source has the recorded size and time.

    Raises:
        UsageError: a path is in the library's own store.

    """
    with given_or_open(pool) as workers, library.peek() as connection:
        found = discover(library, paths, options.selection)
        read: Iterator[_Item] = workers.map(_unread(library, connection, found, options))
        some: list[_Item] = []
        for item in read:
            if isinstance(item, list) and not some:
                yield from item
                continue
            some.append(item)
            if len(some) == BATCH:
                yield from _looked_up(library, connection, some, options, workers)
                some = []
        yield from _looked_up(library, connection, some, options, workers)


def check_sums(library: Library, sums: Iterable[Sum]) -> Iterator[CheckedFile]:
    """Yield for each line of a list of SHA-256 checksums whether the library has that content."""
    for some in ecs.batched(sums):
        with library.peek() as connection:
            yield from _found(library, connection, [FileDigest(each.name, 0, each.sha256) for each in some])


def _unread(
    library: Library, connection: Connection, batches: Iterable[WalkBatch], options: CheckOptions
) -> Iterator[list[CheckedFile] | DigestRequest]:
    """Yield the files that need not be read, those together that follow each other, and a request for each other."""
    recorded = _Recorded(connection, is_used=not options.rehash)
    for batch in batches:
        known = recorded.of(batch)
        holdings = holdings_by_id(connection, library.store.storage_type, set(known.values()))
        unread: list[CheckedFile] = []
        for item in batch.entries:
            if not isinstance(item, FoundFile):
                if not item.skipped:
                    unread.append(CheckedFile(item.path, Status.FAILED, reason=item.reason))
                continue
            path, status = item
            holding = holdings.get(known.get(path, 0))
            if holding is None or holding.loss(library.store):  # reading it can find another asset, and tells why
                if unread:
                    yield unread
                    unread = []
                yield DigestRequest(path, status.st_size)
            else:
                unread.append(CheckedFile(path, Status.HAVE, status.st_size, holding.sha256, holding.entity_id))
        if unread:
            yield unread


class _Recorded:
    """Looks up the recorded files of a walk, folder by folder; very large folders in parts."""

    def __init__(self, connection: Connection, *, is_used: bool) -> None:
        self._connection = connection
        self._is_used = is_used
        self._current = current_sets() if is_used else ()
        self._folder: str | None = None
        self._of_folder: RecordedFiles | None = None

    def of(self, batch: WalkBatch) -> dict[str, int]:
        """Return the assets of the files of a batch that are as recorded, by path."""
        if not self._is_used:
            return {}
        files = [item for item in batch.entries if isinstance(item, FoundFile)]
        recorded = self._recorded(batch, files)
        known: dict[str, int] = {}
        for path, status in files:
            entity_id = find_recorded(recorded.current, path, status)
            if entity_id is None and recorded.outdated:
                entity_id = find_recorded(recorded.outdated, path, status)
            if entity_id is not None:
                known[path] = entity_id
        return known

    def _recorded(self, batch: WalkBatch, files: Sequence[FoundFile]) -> RecordedFiles:
        if batch.folder is not None and batch.folder != self._folder:  # a large folder has several batches
            self._folder = batch.folder
            self._of_folder = recorded_in(self._connection, batch.folder, self._current)
        if batch.folder is not None and self._of_folder is not None:
            return self._of_folder
        return recorded_among(self._connection, (path for path, _ in files), self._current)


def _looked_up(
    library: Library, connection: Connection, items: Sequence[_Item], options: CheckOptions, pool: Pool
) -> Iterator[CheckedFile]:
    files = _found(library, connection, items)
    if options.exact or all(file.status is not Status.NEW for file in files):
        yield from files
        return
    from dam.services.check.nearest import nearest  # noqa: PLC0415  brings what decodes

    yield from nearest(library, pool, files)


def _found(library: Library, connection: Connection, items: Sequence[_Item]) -> list[CheckedFile]:
    """Return files in order, those that were read looked up by their content."""
    digests = {item.sha256 for item in items if isinstance(item, FileDigest) and item.sha256}
    holdings = holdings_by_sha256(connection, library.store.storage_type, digests)
    files: list[CheckedFile] = []
    for item in items:
        if isinstance(item, list):
            files += item
        elif item.sha256 is None:
            files.append(CheckedFile(item.path, Status.FAILED, reason=item.error))
        else:
            holding = holdings.get(item.sha256)
            loss = holding.loss(library.store) if holding else None
            have = holding is not None and loss is None
            files.append(
                CheckedFile(
                    item.path,
                    Status.HAVE if have else Status.NEW,
                    item.size,
                    item.sha256,
                    holding.entity_id if holding and have else None,
                    reason=loss,
                )
            )
    return files
