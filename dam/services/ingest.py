"""Ingesting files and folders: walk, skip what is unchanged, read and analyse, publish, write in batches."""

import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import IntegrityError

from dam.core.errors import UnreadableFileError, UsageError
from dam.media.kinds import Kind, kind_of
from dam.media.walk import Found, NotRead, walk
from dam.services import ecs, writer
from dam.services.analysis import Analysis, analyse
from dam.services.known import Known, known_by_path, known_by_sha256
from dam.services.library import Library
from dam.services.staging import StagedFile, stage

BATCH_FILES = 128
BATCH_BYTES = 64 * 1024 * 1024
BATCH_SECONDS = 1.0
ATTEMPTS = 5


class Status(StrEnum):
    """What became of a path."""

    ADDED = "added"
    LINKED = "linked"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """What became of one path. All but a failed or skipped one are durable in the library."""

    path: str
    status: Status
    entity_id: int | None = None
    sha256: str | None = None
    md5: str | None = None
    media_type: str | None = None
    size: int = 0
    error: str | None = None
    """Why it failed; or, for content that is stored, why it could not be decoded."""
    obstacle: str | None = None
    """Why this installation cannot fingerprint such content."""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content."""
        return kind_of(self.media_type) if self.media_type else None


@dataclass
class _Read:
    """A file that has been read and waits for its batch to be written."""

    file: StagedFile
    analysis: Analysis | None
    known: Known | None


def ingest(library: Library, paths: Iterable[str], tags: Sequence[str] = ()) -> Generator[Outcome, None, None]:
    """Bring files and folders into a library, and yield what became of each, once that is durable.

    Files and folders that cannot be read are outcomes. To close the generator early is to undo the current batch.

    Raises:
        UsageError: a path is in the library's own store.
        StoreError, LockedError: the library cannot be written; the batches before are safe.

    """
    batch = _Batch(library, tags)
    try:
        for some in ecs.batched(_walk_outside(library, paths), BATCH_FILES):
            with library.read() as session:
                known = known_by_path(session, (item for item in some if isinstance(item, Found)))
            for item in some:
                batch.take(item, known.get(item.path))
                if batch.is_full:
                    yield from batch.commit()
        yield from batch.commit()
    finally:
        batch.discard()


def _walk_outside(library: Library, paths: Iterable[str]) -> Iterator[Found | NotRead]:
    """Walk, but never into the library itself."""
    root = os.path.realpath(library.store.root)
    database = library.engine.url.database or ""
    own = {_identity(os.stat(path)) for path in (root, database) if os.path.exists(path)}
    journals = tuple(f"{os.path.abspath(database)}-{ending}" for ending in ("journal", "wal", "shm"))

    def outside() -> Iterator[str]:
        for path in paths:
            if "\0" not in path and os.path.commonpath([root, os.path.realpath(path)]) == root:
                raise UsageError(f"{path} is in the store of the library itself")
            yield path

    return walk(outside(), leave_out=lambda path, status: _identity(status) in own or path in journals)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


class _Batch:
    """Paths whose outcomes have not been reported, in the order they came."""

    def __init__(self, library: Library, tags: Sequence[str]) -> None:
        self._library = library
        self._tags = tags
        self._clear()

    def _clear(self) -> None:
        self._items: list[Outcome | _Read] = []
        self._first: dict[str, _Read] = {}  # by content: only the first of equal files is written and analysed
        self._bytes = 0
        self._began = time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether it is time to commit."""
        return (
            len(self._items) >= BATCH_FILES
            or self._bytes >= BATCH_BYTES
            or time.monotonic() - self._began >= BATCH_SECONDS
        )

    def take(self, item: Found | NotRead, known: Known | None) -> None:
        """Read and analyse a file, unless it is known to be unchanged."""
        if isinstance(item, NotRead):
            self._items.append(Outcome(item.path, Status.SKIPPED if item.skipped else Status.FAILED, error=item.reason))
        elif known and known.is_current and self._library.store.size(known.sha256) == known.size:
            self._items.append(_outcome_of_known(item.path, known))
        else:
            try:
                self._items.append(self._read(item.path))
            except UnreadableFileError as exc:
                self._items.append(Outcome(item.path, Status.FAILED, error=str(exc)))

    def _read(self, path: str) -> _Read:
        file = stage(path, self._library.store)
        sha256 = file.digests.sha256
        self._bytes += file.state.size
        if sha256 in self._first:
            file.discard()
            return _Read(file, None, None)
        known = self._known(file)
        read = _Read(file, None, known)
        self._first[sha256] = read
        if known is None or not known.is_current:
            read.analysis = analyse(file.sample(), known.labels if known else frozenset())
        file.content = None
        return read

    def _known(self, file: StagedFile) -> Known | None:
        """Look content up in the database; content that the store has never seen is new."""
        if file.content is not None and file.blob is not None:
            return None
        with self._library.read() as session:
            return known_by_sha256(session, file.digests.sha256)

    def commit(self) -> list[Outcome]:
        """Make the batch durable, blobs before rows, and return its outcomes."""
        self._library.store.publish(
            {
                sha256: read.file.blob
                for sha256, read in self._first.items()
                if read.file.blob is not None or read.known is None
            }
        )
        reads = [item for item in self._items if isinstance(item, _Read)]
        assets = iter(self._write(reads))
        outcomes = [item if isinstance(item, Outcome) else _outcome(item, next(assets)) for item in self._items]
        self._clear()
        return outcomes

    def _write(self, reads: Sequence[_Read]) -> list[writer.Asset]:
        unchanged = [item.entity_id for item in self._items if isinstance(item, Outcome) and item.entity_id]
        if not reads and not (unchanged and self._tags):
            return []
        for attempt in range(ATTEMPTS):
            try:
                with self._library.write() as session:
                    writer.write_tags(session, unchanged, self._tags)
                    return writer.write_files(session, [(read.file, read.analysis) for read in reads], self._tags)
            except IntegrityError:  # another process wrote the same content between our look and our write
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def discard(self) -> None:
        """Drop what has been read and not committed."""
        for read in self._first.values():
            read.file.discard()
        self._clear()


def _outcome_of_known(path: str, known: Known) -> Outcome:
    return Outcome(
        path,
        Status.UNCHANGED,
        entity_id=known.entity_id,
        sha256=known.sha256,
        md5=known.md5,
        media_type=known.media_type,
        size=known.size,
    )


def _outcome(read: _Read, asset: writer.Asset) -> Outcome:
    file = read.file
    if asset.is_new:
        status = Status.ADDED
    else:
        status = Status.LINKED if asset.is_linked else Status.UNCHANGED
    return Outcome(
        file.path,
        status,
        entity_id=asset.entity_id,
        sha256=file.digests.sha256,
        md5=file.digests.md5,
        media_type=file.media_type,
        size=file.state.size,
        error=read.analysis.error if read.analysis else None,
        obstacle=read.analysis.obstacle if read.analysis else None,
    )
