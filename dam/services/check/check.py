"""Check which files the library has: discover → look up by state → read → look up by content → compare."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from dam.media.files.selection import EVERYTHING, Selection
from dam.media.files.walk import FoundFile, WalkBatch
from dam.services.check.digest import FileDigest, UnreadFile, read_digests
from dam.services.check.holdings import holdings_by_sha256
from dam.services.check.known_files import KnownFiles, Lookup
from dam.services.check.outcome import CheckedFile, Status
from dam.services.check.sums import Sum
from dam.services.components import ecs
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

    A file with the path, size, times and inode of an earlier ingest is not read; others are read in as many threads as
    the pool has workers, which only decode. A library has a content if the blob has the recorded size, or for a
    reference, if a source has the recorded size and time.

    Raises:
        UsageError: a path is in the library's own store.

    """
    with given_or_open(pool) as workers, library.peek() as connection:
        found = discover(library, paths, options.selection)
        unread = _unread(library, connection, found, options)
        some: list[_Item] = []
        with closing(read_digests(unread, workers.jobs)) as read:
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
) -> Iterator[list[CheckedFile] | UnreadFile]:
    """Yield the files that need not be read, those together that follow each other, and each other one."""
    lookup = Lookup(connection, library.store.storage_type)
    size_of = library.store.size
    for batch in batches:
        known = KnownFiles() if options.rehash else lookup.of(batch)
        unread: list[CheckedFile] = []
        for item in batch.entries:
            if not isinstance(item, FoundFile):
                if not item.skipped:
                    unread.append(CheckedFile(item.path, Status.FAILED, reason=item.reason))
                continue
            path, status = item
            if content := known.find(path, status):
                entity_id, sha256, is_stored = content
                # what is only referenced is in the file itself
                if not is_stored or size_of(sha256.hex()) == status.st_size:
                    unread.append(CheckedFile(path, Status.HAVE, status.st_size, sha256.hex(), entity_id))
                    continue
            if unread:
                yield unread
                unread = []
            yield UnreadFile(path, status.st_size)  # reading it can find another asset, and tells why
        if unread:
            yield unread


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
