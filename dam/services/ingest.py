"""Ingesting files and folders: walk, skip what is unchanged, read and analyse, publish, write in batches."""

import os
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.exc import IntegrityError

from dam.core.errors import DeadlockError, UsageError
from dam.core.interrupts import deferred
from dam.media.kinds import Kind, kind_of
from dam.media.selection import EVERYTHING, Selection
from dam.media.source import FileState
from dam.media.walk import Found, NotRead, walk
from dam.services import ecs, failures, writer
from dam.services.analysis import Analysis
from dam.services.examine import NO_LIMITS, Examined, Job
from dam.services.known import Known, known_by_path, known_by_sha256
from dam.services.library import Library
from dam.services.pool import Pool
from dam.services.staging import StagedFile
from dam.storage.modes import REFERENCE_STORAGE, Mode

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
    replaces: int | None = None
    """The asset that this path was of before, if its content has changed."""
    error: str | None = None
    """Why it failed; or, for content that is stored, why it could not be decoded."""
    obstacle: str | None = None
    """Why this installation cannot fingerprint such content."""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content."""
        return kind_of(self.media_type) if self.media_type else None


@dataclass(frozen=True)
class Options:
    """How to ingest."""

    selection: Selection = EVERYTHING
    mode: Mode = Mode.COPY
    rehash: bool = False
    """Whether to read files that look unchanged."""

    @property
    def trusts_state(self) -> bool:
        """Whether a file that looks unchanged is passed over. Before a file is unlinked, it is read."""
        return not self.rehash and self.mode is not Mode.MOVE


DEFAULT = Options()


def ingest(
    library: Library,
    paths: Iterable[str],
    tags: Sequence[str] = (),
    options: Options = DEFAULT,
    *,
    pool: Pool | None = None,
) -> Generator[Outcome, None, None]:
    """Bring files and folders into a library, and yield what became of each, once that is durable.

    `pool` examines the files; without one, this process does. Files and folders that cannot be read are outcomes. To
    close the generator early is to undo the current batch.

    Raises:
        UsageError: a path is in the library's own store.
        StoreError, LockedError: the library cannot be written; the batches before are safe.

    """
    library.store.sweep()
    pool = pool or Pool(library.store, 0, NO_LIMITS)
    batch = _Batch(library, tags, options.mode, pool)
    try:
        for item in pool.map(_outcomes_and_jobs(library, paths, options)):
            batch.take(item)
            if batch.is_full:
                yield from batch.commit()
        yield from batch.commit()
    finally:
        batch.discard()


def _outcomes_and_jobs(library: Library, paths: Iterable[str], options: Options) -> Iterator[Outcome | Job]:
    """Walk, and yield what need not be read as it is, and the rest as jobs."""
    for some in ecs.batched(_walk_outside(library, paths, options.selection), BATCH_FILES):
        known: dict[str, Known] = {}
        if options.trusts_state:
            with library.read() as session:
                known = known_by_path(session, (item for item in some if isinstance(item, Found)))
        for item in some:
            if isinstance(item, NotRead):
                yield Outcome(item.path, Status.SKIPPED if item.skipped else Status.FAILED, error=item.reason)
            elif (match := known.get(item.path)) and match.is_current:
                yield _outcome_of_known(item.path, match)
            else:
                yield Job(item.path, item.status.st_size, options.mode)


def _walk_outside(library: Library, paths: Iterable[str], selection: Selection) -> Iterator[Found | NotRead]:
    """Walk, but never into the library itself."""
    root = os.path.realpath(library.store.root)
    is_file = library.engine.dialect.name == "sqlite"  # elsewhere the name of a database is no path
    database = (library.engine.url.database or "") if is_file else ""
    own = {_identity(os.stat(path)) for path in (root, database) if os.path.exists(path)}
    journals = tuple(f"{os.path.abspath(database)}-{ending}" for ending in ("journal", "wal", "shm"))

    def outside() -> Iterator[str]:
        for path in paths:
            if "\0" not in path and os.path.commonpath([root, os.path.realpath(path)]) == root:
                raise UsageError(f"{path} is in the store of the library itself")
            yield path

    return walk(outside(), selection, leave_out=lambda path, status: _identity(status) in own or path in journals)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@dataclass(frozen=True)
class _Read:
    """A file that has been examined and waits for its batch to be written."""

    file: StagedFile
    analysis: Analysis | None
    is_known: bool


class _Batch:
    """Paths whose outcomes have not been reported, in the order they came."""

    def __init__(self, library: Library, tags: Sequence[str], mode: Mode, pool: Pool) -> None:
        self._library = library
        self._tags = tags
        self._mode = mode
        self._pool = pool
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

    def take(self, item: Outcome | Examined) -> None:
        """Add what became of a path."""
        if isinstance(item, Outcome):
            self._items.append(item)
        elif item.file is None:
            self._items.append(Outcome(item.path, Status.FAILED, error=item.error))
        else:
            self._items.append(self._read(item.file, item.analysis))

    def _read(self, file: StagedFile, analysis: Analysis | None) -> _Read:
        sha256 = file.digests.sha256
        self._bytes += file.state.size
        if sha256 in self._first:
            file.discard()
            return _Read(file, None, is_known=True)
        known = None if analysis and file.blob else self._look_up(sha256)
        if analysis is None and not (known and known.is_current):
            seen = known.labels if known else frozenset()
            again = self._pool.examine(Job(file.path, file.state.size, self._mode, seen))
            if again.file:
                again.file.discard()
                analysis = again.analysis if again.file.digests == file.digests else None
        read = _Read(file, analysis, is_known=known is not None)
        self._first[sha256] = read
        return read

    def _look_up(self, sha256: str) -> Known | None:
        """Look a content up that the store has had before."""
        with self._library.read() as session:
            return known_by_sha256(session, sha256)

    def commit(self) -> list[Outcome]:
        """Make the batch durable, blobs before rows, and return its outcomes; all of it, or none."""
        with deferred():
            return self._commit()

    def _commit(self) -> list[Outcome]:
        self._library.store.publish(
            {
                sha256: read.file.blob
                for sha256, read in self._first.items()
                if read.file.blob or not (read.is_known or self._mode is Mode.REFERENCE)
            }
        )
        reads = [item for item in self._items if isinstance(item, _Read)]
        assets = iter(self._write(reads))
        outcomes = [item if isinstance(item, Outcome) else _outcome(item, next(assets)) for item in self._items]
        if self._mode is Mode.MOVE:
            problems = {read.file.path: _remove_source(read.file) for read in reads}
            outcomes = [replace(outcome, error=problems.get(outcome.path) or outcome.error) for outcome in outcomes]
        self._clear()
        return outcomes

    def _write(self, reads: Sequence[_Read]) -> list[writer.Asset]:
        outcomes = [item for item in self._items if isinstance(item, Outcome)]
        unchanged = [item.entity_id for item in outcomes if item.entity_id]
        failed = {item.path: item.error or "" for item in outcomes if item.status is Status.FAILED}
        if not (reads or failed or (unchanged and self._tags)):
            return []
        for attempt in range(ATTEMPTS):
            try:
                with self._library.write() as session:
                    failures.remember(session, failed)
                    failures.forget(session, (read.file.path for read in reads))
                    writer.write_tags(session, unchanged, self._tags)
                    files = [(read.file, read.analysis) for read in reads]
                    referenced = self._mode is Mode.REFERENCE
                    storage_type = REFERENCE_STORAGE if referenced else self._library.store.storage_type
                    return writer.write_files(session, files, self._tags, storage_type=storage_type)
            except (IntegrityError, DeadlockError):  # another process wrote the same content beside us
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def discard(self) -> None:
        """Drop what has been read and not committed."""
        for read in self._first.values():
            read.file.discard()
        self._clear()


def _remove_source(file: StagedFile) -> str | None:
    """Unlink a source that the library has for good; return why it could not be, if so."""
    try:
        if FileState.of(os.stat(file.path)) != file.state:
            return "is in the library, and was not removed: it has changed since"
        os.unlink(file.path)
    except OSError as exc:
        return f"is in the library, and could not be removed: {exc.strerror}"
    return None


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
        replaces=asset.replaces,
        error=read.analysis.error if read.analysis else None,
        obstacle=read.analysis.obstacle if read.analysis else None,
    )
