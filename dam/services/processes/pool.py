"""Examining many files side by side, in order and within bounds, whatever becomes of the workers."""

import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from dam.core.interrupts import deferred
from dam.services.ingest.examine import Examined, Job, examine, examine_all, examine_undecoded
from dam.services.processes.limits import TOO_MUCH_MEMORY, Limits, become_worker, configured_limits, reason_of_end
from dam.services.processes.workers import Workers
from dam.storage.blob_store import BlobStore

CHUNK_FILES = 64
CHUNK_BYTES = 1024 * 1024
CHUNK_ITEMS = 256
CHUNKS_AHEAD = 3
"""Chunks for each worker that may always be handed out and not come back."""
ITEMS_AHEAD = 768
BYTES_AHEAD = 32 * 1024 * 1024
"""Up to these, more may be: enough to keep the workers busy while a batch is written."""

PRELOADED = [
    *(
        "dam.cli",
        "dam.services.processes.workers",
        "dam.services.ingest.examine",
        "dam.media.images.perceptual_hash",
        "PIL.JpegImagePlugin",
    )
]

# A worker is forked from a server that has only imported what workers need: it starts at once, and has neither
# the database's connections nor the threads of this process, which a fork of this process would inherit.
START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"

logger = logging.getLogger(__name__)

BEGUN = "begun"

T = TypeVar("T")


def start_server() -> None:
    """Begin importing what workers need, while this process does other things."""
    if START_METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  not on Windows

        multiprocessing.get_context(START_METHOD).set_forkserver_preload(PRELOADED)
        with suppress(OSError):  # then no worker can be started either: the pool says so
            resource_tracker.ensure_running()  # it unblocks the signal that it has blocked
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            try:
                forkserver.ensure_running()  # deaf to Ctrl-C from its first import on, as workers are
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def open_pool(store: BlobStore, jobs: int | None) -> Iterator["Pool"]:
    """Give a pool of `jobs` workers (None: one a core) within the configured limits."""
    jobs = default_jobs() if jobs is None else jobs
    pool = Pool(store, jobs, configured_limits())
    try:
        yield pool
    finally:
        pool.close()


@dataclass
class _Chunk(Generic[T]):
    """Some items in their order, and the jobs among them in one task."""

    items: list[T | Job] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    bytes: int = 0
    future: Future[list[Examined]] | None = None

    @property
    def is_full(self) -> bool:
        return len(self.jobs) >= CHUNK_FILES or self.bytes >= CHUNK_BYTES or len(self.items) >= CHUNK_ITEMS

    @property
    def is_done(self) -> bool:
        return self.future is None or self.future.done()

    @property
    def has_result(self) -> bool:
        future = self.future
        return future is not None and future.done() and not future.cancelled() and future.exception() is None

    def add(self, item: T | Job) -> None:
        self.items.append(item)
        if isinstance(item, Job):
            self.jobs.append(item)
            self.bytes += item.size

    def wait(self) -> list[Examined]:
        """Return the results, or raise what came instead."""
        return self.future.result() if self.future else []

    def merge(self, results: Iterable[Examined]) -> Iterator[T | Examined]:
        """Put results in the places of their jobs."""
        result = iter(results)
        for item in self.items:
            yield next(result) if isinstance(item, Job) else item


class Pool:
    """Worker processes that examine files; with no `jobs`, this process does it itself.

    A file that takes a worker down costs only itself: what was under way is done again, chunk by chunk, then file by
    file in a process each, until it is alone with the blame.
    """

    def __init__(
        self,
        store: BlobStore,
        jobs: int,
        limits: Limits,
        make_executor: Callable[[], Executor] | None = None,
        prepare: Callable[[Limits], None] = become_worker,
    ) -> None:
        self._here = store
        self._jobs = jobs
        self._limits = limits
        self._prepare = partial(prepare, limits)
        self._context: Any = multiprocessing.get_context(START_METHOD)  # the stubs know no Process on it
        self._make_executor = make_executor or partial(Workers, jobs, self._context, self._prepare)
        self._executor: Executor | None = None

    def map(self, items: Iterable[T | Job]) -> Iterator[T | Examined]:
        """Yield every item in its order, with jobs replaced by what was found."""
        chunk: _Chunk[T] = _Chunk()
        window: deque[_Chunk[T]] = deque()
        for item in items:
            chunk.add(item)
            if chunk.is_full or not self._jobs:  # without workers, nothing is gained by looking ahead
                window.append(self._submit(chunk))
                chunk = _Chunk()
                while window and (window[0].is_done or self._is_far_ahead(window)):
                    yield from self._collect(window)
        window.append(self._submit(chunk))
        while window:
            yield from self._collect(window)

    def _is_far_ahead(self, window: Sequence[_Chunk[T]]) -> bool:
        """Tell whether enough has been handed out."""
        return len(window) > self._jobs * CHUNKS_AHEAD and (
            sum(len(chunk.items) for chunk in window) > ITEMS_AHEAD
            or sum(chunk.bytes for chunk in window) > BYTES_AHEAD
        )

    def examine(self, job: Job) -> Examined:
        """Examine one file now."""
        [result] = self.map([job])
        assert isinstance(result, Examined)  # noqa: S101  that is what a job becomes
        return result

    def close(self) -> None:
        """End the workers, without waiting for what nobody wants any more."""
        if self._executor:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def _submit(self, chunk: _Chunk[T]) -> _Chunk[T]:
        if not chunk.jobs:
            return chunk
        if not self._jobs:
            chunk.future = Future()
            chunk.future.set_result(examine_all(self._here, chunk.jobs))
            return chunk
        try:
            with deferred():  # an executor that is interrupted while it starts a process never ends
                if self._executor is None:
                    self._executor = self._make_executor()
                chunk.future = self._executor.submit(examine_all, self._here.for_worker(), chunk.jobs)
        except BrokenExecutor as exc:
            chunk.future = Future()
            chunk.future.set_exception(exc)
        except (OSError, EOFError, NotImplementedError) as exc:
            chunk.future = Future()
            chunk.future.set_result([self._do_without(exc, job) for job in chunk.jobs])
        return chunk

    def _collect(self, window: deque[_Chunk[T]]) -> Iterator[T | Examined]:
        """Yield the results of the oldest chunk."""
        chunk = window.popleft()
        try:
            results = chunk.wait()
        except (BrokenExecutor, CancelledError, MemoryError):
            self._recover([chunk, *window])
            results = chunk.wait()
        yield from chunk.merge(results)

    def _recover(self, chunks: Iterable[_Chunk[T]]) -> None:
        """Do again what was under way when a worker was lost: each chunk alone, so that the culprit is found."""
        self.close()
        for chunk in chunks:
            if chunk.future is None or chunk.has_result:
                continue
            try:
                self._submit(chunk).wait()
            except (BrokenExecutor, MemoryError):
                self.close()
                chunk.future = Future()
                chunk.future.set_result([self._examine_alone(job) for job in chunk.jobs])

    def _examine_alone(self, job: Job) -> Examined:
        """Examine a file in a process of its own; if that is lost, the file is to blame."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_examine_and_send, args=(theirs, self._here.for_worker(), job, self._prepare)
        )
        process.start()
        theirs.close()
        outcome: object = None
        has_begun = False
        try:
            has_begun = ours.recv() == BEGUN
            outcome = ours.recv()
        except EOFError:
            pass
        process.join()
        if outcome is None and has_begun:
            return examine_undecoded(self._here, job, reason_of_end(process.exitcode or 0, self._limits))
        if outcome is None:
            return self._do_without("they end as soon as they begin", job)
        if isinstance(outcome, MemoryError):
            return examine_undecoded(self._here, job, TOO_MUCH_MEMORY)
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, Examined)  # noqa: S101  what _examine_and_send sends
        return outcome

    def _do_without(self, reason: object, job: Job) -> Examined:
        """Go on without workers: none can be started, as where there are no semaphores."""
        if self._jobs:
            logger.warning("worker processes cannot be started (%s): files are examined in this one", reason)
            self._jobs = 0
        return examine(self._here, job)


def _examine_and_send(pipe: Connection, store: BlobStore, job: Job, prepare: Callable[[], None]) -> None:
    prepare()
    pipe.send(BEGUN)  # it has begun: what ends it from here on is the file
    try:
        pipe.send(examine(store, job))
    except Exception as exc:  # noqa: BLE001  the parent raises it
        pipe.send(exc)
