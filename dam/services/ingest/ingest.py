"""Ingesting files and folders: walk, skip what is unchanged, read and analyse, publish, write in batches."""

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError, UsageError
from dam.core.interrupts import deferred
from dam.media.files.digests import digests_of
from dam.media.files.selection import EVERYTHING, Selection
from dam.media.files.source import chunks, open_source
from dam.media.files.walk import Found, Group, NotRead, walk_groups
from dam.media.kinds import Kind, kind_of
from dam.services.catalogue import ecs, failures
from dam.services.catalogue.content import only_referenced
from dam.services.catalogue.known import Current, Known, current_among, current_files, known_by_path, known_by_sha256
from dam.services.catalogue.tags import write_tags
from dam.services.ingest import writer
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.doubts import Doubts
from dam.services.ingest.examine import Examined, Job
from dam.services.ingest.keywords import import_keywords
from dam.services.ingest.sidecars import apply_sidecars
from dam.services.ingest.staging import StagedFile
from dam.services.library import Library
from dam.services.processes.limits import NO_LIMITS
from dam.services.processes.pool import Pool
from dam.storage.blob_store import BlobStore
from dam.storage.modes import REFERENCE_STORAGE, Mode

BATCH_FILES = 512
BATCH_BYTES = 64 * 1024 * 1024
BATCH_SECONDS = 1.0
MOVED_KEPT = 100_000  # more files than are read ahead of a batch


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
    """Why this installation cannot fingerprint such content, or not all of it."""
    is_shared: bool | None = None
    """Whether the store shares its bytes with the source, or has a copy; None where it got nothing."""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content."""
        return kind_of(self.media_type) if self.media_type else None


@dataclass(frozen=True)
class Unchanged:
    """Files that are as the library knows them, where only their number is asked for."""

    count: int
    bytes: int


class Detail(StrEnum):
    """How much is told of a file that has not changed: looking it all up takes longer than to see that."""

    COUNTS = "counts"
    LINES = "lines"
    """Its path, asset and size."""
    FULL = "full"


@dataclass(frozen=True)
class Options:
    """How to ingest."""

    selection: Selection = EVERYTHING
    mode: Mode = Mode.COPY
    rehash: bool = False
    """Whether to read files that look unchanged."""
    detail: Detail = Detail.FULL
    import_keywords: bool = False
    """Whether the keywords of images become tags."""

    @property
    def trusts_state(self) -> bool:
        """Whether a file that looks unchanged is passed over. Before a file is unlinked, it is read."""
        return not self.rehash and self.mode is not Mode.MOVE


DEFAULT = Options()


def ingest(
    library: Library,
    paths: Iterable[str | Sequence[str]],
    tags: Sequence[str] = (),
    options: Options = DEFAULT,
    *,
    pool: Pool | None = None,
) -> Generator[Outcome | Unchanged, None, None]:
    """Bring files and folders into a library, and yield what became of each, once that is durable.

    `paths` may have lists of paths that are there at once: their files are looked up together. `pool` examines the
    files; without one, this process does. Files and folders that cannot be read are outcomes. To
    close the generator early is to undo the current batch.

    Raises:
        UsageError: a path is in the library's own store.
        StoreError, LockedError: the library cannot be written; the batches before are safe.

    """
    library.store.sweep()
    pool = pool or Pool(0, NO_LIMITS)
    batch = _Batch(library, tags, options, pool)
    try:
        items: Iterator[Outcome | Unchanged | Examined] = pool.map(_outcomes_and_jobs(library, paths, options))
        for item in items:
            batch.take(item)
            if batch.is_full:
                yield from batch.commit()
        yield from batch.commit()
    finally:
        batch.discard()


def _outcomes_and_jobs(
    library: Library, paths: Iterable[str | Sequence[str]], options: Options
) -> Iterator[Outcome | Unchanged | Job]:
    """Walk, and yield what need not be read as it is, and the rest as jobs."""
    doubts = Doubts(library, options.mode)
    last: str | None = None
    current: Current | None = {}
    with library.peek() as connection:
        for folder, found in _walk_outside(library, paths, options.selection):
            rest: Sequence[Found | NotRead] = found
            if folder is not None and options.trusts_state and options.detail is not Detail.FULL:
                if folder != last:  # a large folder comes in parts
                    last, current = folder, current_files(connection, folder)
                    _leave_doubts(library, current or {}, doubts)
                if current is None:
                    known = current_among(connection, (item.path for item in found if isinstance(item, Found)))
                    _leave_doubts(library, known, doubts)
                    unchanged, rest = _split(found, known)
                else:
                    unchanged, rest = _split(found, current)
                if options.detail is Detail.LINES:
                    yield from (Outcome(path, Status.UNCHANGED, asset, size=size) for path, asset, size in unchanged)
                elif unchanged:
                    yield Unchanged(len(unchanged), sum(size for _, _, size in unchanged))
            for some in ecs.batched(rest, BATCH_FILES):
                yield from _one_by_one(library, some, options, doubts)


def _leave_doubts(library: Library, current: Current, doubts: Doubts) -> None:
    """Take out of some files those that are to be read all the same."""
    if current and doubts.exist:
        with library.read() as session:
            for path in doubts.among(session, {path: known[0] for path, known in current.items()}):
                del current[path]


def _split(
    found: Sequence[Found | NotRead], current: Current
) -> tuple[list[tuple[str, int, int]], list[Found | NotRead]]:
    """Part the files of a folder into those that are as the library knows them (path, asset, size), and the rest."""
    if not current:
        return [], list(found)
    unchanged: list[tuple[str, int, int]] = []
    rest: list[Found | NotRead] = []
    for item in found:
        if isinstance(item, Found) and (known := current.get(item.path)):
            path, status = item
            entity_id, size, mtime_ns, inode = known
            if size == status.st_size and mtime_ns == status.st_mtime_ns and inode == status.st_ino:
                unchanged.append((path, entity_id, size))
                continue
        rest.append(item)
    return unchanged, rest


def _one_by_one(
    library: Library, found: Sequence[Found | NotRead], options: Options, doubts: Doubts
) -> Iterator[Outcome | Job]:
    known: dict[str, Known] = {}
    if options.trusts_state:
        with library.read() as session:
            known = known_by_path(session, (item for item in found if isinstance(item, Found)))
            for path in doubts.among(session, {path: match.entity_id for path, match in known.items()}):
                del known[path]
    for item in found:
        if isinstance(item, NotRead):
            yield Outcome(item.path, Status.SKIPPED if item.skipped else Status.FAILED, error=item.reason)
        elif (match := known.get(item.path)) and match.is_current:
            if options.detail is Detail.FULL:
                yield _outcome_of_known(item.path, match)
            else:
                yield Outcome(item.path, Status.UNCHANGED, match.entity_id, size=match.size)
        else:
            yield Job(item.path, item.status.st_size, options.mode, store=library.store)


def count_bytes(library: Library, paths: Sequence[str], selection: Selection) -> int:
    """Return the size of all files that an ingest would take, so that somebody can tell how much is left."""
    found = chain.from_iterable(group.found for group in _walk_outside(library, [paths], selection))
    return sum(item.status.st_size for item in found if isinstance(item, Found))


def _walk_outside(library: Library, paths: Iterable[str | Sequence[str]], selection: Selection) -> Iterator[Group]:
    """Walk, but never into the library itself."""
    root = os.path.realpath(library.store.root)
    is_file = library.engine.dialect.name == "sqlite"  # elsewhere the name of a database is no path
    database = (library.engine.url.database or "") if is_file else ""
    own = {(status := os.stat(path)).st_ino: status.st_dev for path in (root, database) if os.path.exists(path)}
    journals = {f"{os.path.abspath(database)}-{ending}" for ending in ("journal", "wal", "shm")}

    def checked(path: str) -> str:
        if "\0" not in path and os.path.commonpath([root, os.path.realpath(path)]) == root:
            raise UsageError(f"{path} is in the store of the library itself")
        return path

    def is_own(path: str, status: os.stat_result) -> bool:
        return own.get(status.st_ino) == status.st_dev or path in journals

    lists = (map(checked, [some] if isinstance(some, str) else some) for some in paths)
    return walk_groups(lists, selection, leave_out=is_own)


@dataclass(frozen=True)
class _Read:
    """A file that has been examined and waits for its batch to be written."""

    file: StagedFile
    analysis: Analysis | None
    is_known: bool


class _Batch:
    """Paths whose outcomes have not been reported, in the order they came."""

    def __init__(self, library: Library, tags: Sequence[str], options: Options, pool: Pool) -> None:
        self._library = library
        self._tags = tags
        self._mode = options.mode
        self._imports_keywords = options.import_keywords
        self._pool = pool
        self._moved: deque[str] = deque(maxlen=MOVED_KEPT)
        self._clear()

    def _clear(self) -> None:
        self._items: list[Outcome | Unchanged | _Read] = []
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

    def take(self, item: Outcome | Unchanged | Examined) -> None:
        """Add what became of a path."""
        if isinstance(item, Outcome | Unchanged):
            self._items.append(item)
        elif item.file is None:
            self._items.append(Outcome(item.path, Status.FAILED, error=item.error))
        else:
            self._items.append(self._read(item.file, item.analysis))

    def _read(self, file: StagedFile, analysis: Analysis | None) -> _Read:
        sha256 = file.digests.sha256
        self._bytes += file.state.size + (analysis.weight if analysis else 0)  # a small archive may have a long text
        if sha256 in self._first:
            file.discard()
            return _Read(file, None, is_known=True)
        known, is_stored = (None, False) if analysis and file.blob else self._look_up(sha256)
        if analysis is None and not (known and known.is_current):
            seen = known.labels if known else frozenset()
            again = self._pool.run(Job(file.path, file.state.size, self._mode, seen, store=self._library.store))
            if again.file:
                again.file.discard()
                analysis = again.analysis if again.file.digests == file.digests else None
        read = _Read(file, analysis, is_known=is_stored)
        self._first[sha256] = read
        return read

    def _look_up(self, sha256: str) -> tuple[Known | None, bool]:
        """Look a content up that the store has had before; tell also whether the library knows that it is there."""
        with self._library.read() as session:
            known = known_by_sha256(session, sha256)
            storage_type = self._library.store.storage_type
            return known, known is not None and not only_referenced(session, storage_type, [known.entity_id])

    def commit(self) -> list[Outcome | Unchanged]:
        """Make the batch durable, blobs before rows, and return its outcomes; all of it, or none."""
        with deferred():
            return self._commit()

    def _commit(self) -> list[Outcome | Unchanged]:
        self._library.store.publish(
            {
                sha256: read.file.blob
                for sha256, read in self._first.items()
                if read.file.blob or not (read.is_known or self._mode is Mode.REFERENCE)
            }
        )
        reads = [item for item in self._items if isinstance(item, _Read)]
        # Before the sidecars themselves are known: who is killed in between finds them again.
        refreshed = apply_sidecars(self._library, self._pool, (read.file.path for read in reads))
        assets = iter(self._write(reads, refreshed))
        outcomes: list[Outcome | Unchanged] = [
            _outcome(item, next(assets)) if isinstance(item, _Read) else item for item in self._items
        ]
        if self._mode is Mode.MOVE:
            outcomes = _remove_sources(self._library.store, reads, outcomes, self._moved)
        self._clear()
        return outcomes

    def _write(self, reads: Sequence[_Read], refreshed: Sequence[int]) -> list[writer.Asset]:
        outcomes = [item for item in self._items if isinstance(item, Outcome)]
        unchanged = [item.entity_id for item in outcomes if item.entity_id]
        failed = {item.path: item.error or "" for item in outcomes if item.status is Status.FAILED and item.path}
        if not (reads or failed or (unchanged and (self._tags or self._imports_keywords))):
            return []

        def write(session: Session) -> list[writer.Asset]:
            failures.remember(session, failed, self._mode, self._tags)
            failures.forget(session, (read.file.path for read in reads))
            write_tags(session, unchanged, self._tags)
            files = [(read.file, read.analysis) for read in reads]
            storage_type = REFERENCE_STORAGE if self._mode is Mode.REFERENCE else self._library.store.storage_type
            assets = writer.write_files(session, files, self._tags, storage_type=storage_type)
            if self._imports_keywords:
                ids = {*unchanged, *refreshed, *(asset.entity_id for asset in assets)}
                import_keywords(session, sorted(ids))
            return assets

        return self._library.write_again(write)

    def discard(self) -> None:
        """Drop what has been read and not committed."""
        for read in self._first.values():
            read.file.discard()
        self._clear()


def _remove_sources(
    store: BlobStore, reads: Iterable[_Read], outcomes: Iterable[Outcome | Unchanged], moved: deque[str]
) -> list[Outcome | Unchanged]:
    """Unlink the sources of a batch that is durable; return the outcomes with what went wrong."""
    sources = {read.file.path: read.file for read in reads}  # a path may have been named twice, also for two batches
    problems = {
        path: problem
        for path, file in sources.items()
        if (problem := _remove_source(store, file)) and (os.path.lexists(path) or path not in moved)
    }
    moved.extend(path for path in sources if path not in problems)
    return [
        replace(outcome, error=problems.get(outcome.path) or outcome.error) if isinstance(outcome, Outcome) else outcome
        for outcome in outcomes
    ]


def _remove_source(store: BlobStore, file: StagedFile) -> str | None:
    """Unlink a source that the library has for good; return why it could not be, if so.

    What is stored is read back before: a blob of equal content that was there may have rotted, and then the source is
    all that is left.
    """
    try:
        with store.open(file.digests.sha256) as blob:
            if digests_of(chunks(blob)) != file.digests:
                return "was not removed: the library's copy is damaged, see dam-cli verify --content"
        if not _is_as_read(file):
            return "is in the library, and was not removed: it has changed since"
        os.unlink(file.path)
    except (OSError, StoreError, UnreadableFileError) as exc:
        return f"is in the library, and could not be removed: {getattr(exc, 'strerror', None) or exc}"
    return None


def _is_as_read(file: StagedFile) -> bool:
    """Tell whether a source is what was read; in doubt, for another of its names may just have gone, by reading it."""
    with open_source(file.path, linking=True) as (stream, state):
        if state == file.state:
            return True
        return state.is_but_for_links(file.state) and digests_of(chunks(stream)) == file.digests


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
        is_shared=file.blob.is_shared if file.blob else None,
    )
