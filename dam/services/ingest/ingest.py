"""Ingest files and folders: the pipeline of all stages.

discover → skip → examine → resolve → publish → write → finish. The files of a batch are published together and
written in one transaction, and then reported. While a batch is published, the next one is gathered.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import partial

from dam.core.interrupts import deferred
from dam.services.ingest.analysis import Analysis
from dam.services.ingest.batch import Batch
from dam.services.ingest.discover import count_bytes, discover
from dam.services.ingest.examine import Examined
from dam.services.ingest.finish import Copies, outcome_of, remove_sources
from dam.services.ingest.outcome import DEFAULT, Options, Outcome, Status, Unchanged, each_outcome
from dam.services.ingest.publish import Background, publish
from dam.services.ingest.recorders import IngestOperations
from dam.services.ingest.resolve import Resolved, analyse_due, resolve
from dam.services.ingest.sidecars import read_changed_sidecars
from dam.services.ingest.skip import skip
from dam.services.ingest.write import write
from dam.services.ingest.writer import Asset
from dam.services.library import Library
from dam.services.mirrors.mirrors import open_mirrors
from dam.services.processes.pool import Pool, given_or_open
from dam.storage.modes import Mode

__all__ = ["DEFAULT", "Options", "Outcome", "Status", "Unchanged", "count_bytes", "each_outcome", "ingest"]

MAX_MOVED = 100_000  # more than the number of files read ahead


def ingest(
    library: Library,
    paths: Iterable[str | Sequence[str]],
    tags: Sequence[str] = (),
    options: Options = DEFAULT,
    *,
    pool: Pool | None = None,
) -> Generator[Outcome | Unchanged, None, None]:
    """Ingest files and folders, and yield an outcome for each file once it is durable.

    An element of `paths` can be a list of paths, whose files are looked up together. The workers of `pool` examine the
    files, or else those of a pool with the configured limits. A file or folder that cannot be read is an outcome, not
    an exception. Closing the generator early drops the files that have not been published.

    Raises:
        UsageError: a path is in the library's own store.
        OldDatabaseError: the database lacks what the manifest has.
        StoreError, LockedError: the library cannot be written; earlier batches are durable.

    """
    with (
        given_or_open(pool) as workers,
        library.store.in_use(),
    ):  # no blob that is found goes before its rows are committed
        yield from _ingest(library, paths, tags, options, workers)


def _ingest(
    library: Library, paths: Iterable[str | Sequence[str]], tags: Sequence[str], options: Options, pool: Pool
) -> Generator[Outcome | Unchanged, None, None]:
    library.store.sweep()
    library.manifest_writer.catch_up()  # what a killed run has committed is reported as unchanged: it must be safe
    found = discover(library, paths, options.selection)
    items: Iterator[Outcome | Unchanged | Examined] = pool.map(skip(library, found, options))
    background = Background(threaded=pool.has_workers)
    commits = _Commits(library, tags, options, pool, background)
    gathered = Batch()
    try:
        for item in items:
            gathered.add(item)
            if gathered.is_full:
                yield from commits.end()
                commits.begin(gathered)
                gathered = Batch()
            if background.is_done:
                yield from commits.end()
        yield from commits.end()
        commits.begin(gathered)
        yield from commits.end()
    finally:
        try:
            commits.end()  # a published batch gets its rows, although they are not reported
        finally:
            background.close()
            gathered.discard()


class _Commits:
    """Commits batches one after the other: first the blobs, then all rows in one transaction."""

    def __init__(
        self, library: Library, tags: Sequence[str], options: Options, pool: Pool, background: Background
    ) -> None:
        self._library = library
        self._tags = tags
        self._options = options
        self._pool = pool
        self._background = background
        self._operations = IngestOperations(restores_all=options.mode is Mode.MOVE)
        mirrors = [each.store for each in open_mirrors(library)[0]] if options.min_copies > 1 else []
        self._copies = Copies(library.store, mirrors, options.min_copies)
        self._moved: deque[str] = deque(maxlen=MAX_MOVED)
        self._batch: Batch | None = None
        self._resolved: list[Resolved] = []
        self._sidecars: dict[int, Analysis] = {}

    def begin(self, batch: Batch) -> None:
        """Resolve a batch and begin to publish it. The previous batch must have been written."""
        self._resolved, self._sidecars = [], {}
        if examined := batch.examined:
            with self._library.read() as session:
                resolved = resolve(session, self._library.store.storage_type, examined)
            links = self._options.selection.follow_links
            self._resolved = analyse_due(resolved, self._library.store, self._pool.map, follow_links=links)
            paths = (each.path for each in examined)
            self._sidecars = read_changed_sidecars(self._library, self._pool, paths, follow_links=links)
        self._batch = batch
        self._background.begin(partial(publish, self._library.store, self._resolved, self._options.mode))

    def end(self) -> list[Outcome | Unchanged]:
        """Wait until the current batch is published, write its rows, and return its outcomes."""
        with deferred():
            batch, self._batch = self._batch, None
            if batch is None:
                return []
            try:
                self._background.wait()
            except BaseException:
                batch.discard()
                raise
            assets = write(
                self._library, batch, self._resolved, self._sidecars, self._tags, self._options, self._operations
            )
            return self._finish(batch, assets)

    def _finish(self, batch: Batch, assets: Sequence[Asset]) -> list[Outcome | Unchanged]:
        written = map(outcome_of, self._resolved, assets)
        outcomes = [next(written) if isinstance(item, Examined) else item for item in batch.items]
        if self._options.mode is Mode.MOVE:
            files = (each.file for each in self._resolved)
            outcomes = remove_sources(self._copies, files, outcomes, self._moved)
        return outcomes
