"""Run requests in parallel in worker processes, in order, and recover from lost workers."""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar, overload

from dam.core.errors import TOO_MUCH_MEMORY
from dam.core.interrupts import deferred
from dam.services.processes.decoder_output import log_output, logged_output
from dam.services.processes.isolated import START_METHOD as FORK
from dam.services.processes.isolated import IsolatedRun, NotStartedError
from dam.services.processes.limits import Limits, become_worker, configured_limits
from dam.services.processes.request import Request, run_request
from dam.services.processes.server import START_METHOD, default_jobs, start_server
from dam.services.processes.workers import Workers, run_requests

MAX_CHUNK_FILES = 64
MAX_CHUNK_BYTES = 1024 * 1024
MAX_CHUNK_ITEMS = 256
MIN_CHUNKS_AHEAD = 3
"""Chunks per worker that may be pending in any case."""
MAX_ITEMS_AHEAD = 768
MAX_BYTES_AHEAD = 32 * 1024 * 1024
"""More chunks may be pending up to these bounds, to keep the workers busy while a batch is written."""
END_SECONDS = 1.0
"""Time that workers get to finish when the pool is closed."""

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def open_pool(jobs: int | None = None, limits: Limits | None = None) -> Iterator["Pool"]:
    """Open a pool of `jobs` workers (None: one per core; 0: run in this process), by default with the set limits."""
    pool = Pool(default_jobs() if jobs is None else jobs, limits or configured_limits())
    try:
        yield pool
    except BaseException:
        pool.kill()  # nobody waits for results
        raise
    finally:
        pool.close()


@contextmanager
def given_or_open(pool: "Pool | None") -> Iterator["Pool"]:
    """Give the pool of the caller, or open one with the configured limits."""
    if pool:
        yield pool
        return
    with open_pool() as opened:
        yield opened


@dataclass
class _Chunk(Generic[T, R]):
    """Consecutive items, whose requests form one task."""

    items: list[T | Request[R]] = field(default_factory=list)
    requests: list[Request[R]] = field(default_factory=list)
    bytes: int = 0
    future: "Future[list[tuple[R, str]]] | None" = None

    @property
    def is_full(self) -> bool:
        return (
            len(self.requests) >= MAX_CHUNK_FILES or self.bytes >= MAX_CHUNK_BYTES or len(self.items) >= MAX_CHUNK_ITEMS
        )

    @property
    def is_done(self) -> bool:
        return self.future is None or self.future.done()

    @property
    def has_result(self) -> bool:
        future = self.future
        return future is not None and future.done() and not future.cancelled() and future.exception() is None

    def add(self, item: T | Request[R]) -> None:
        self.items.append(item)
        if isinstance(item, Request):
            self.requests.append(item)
            self.bytes += item.size

    def set_results(self, results: Sequence[R]) -> None:
        """Set results that were computed without the task."""
        self.future = Future()
        self.future.set_result([(result, "") for result in results])

    def wait(self) -> list[R]:
        """Wait for the results, or raise the exception of the task."""
        results = []
        for request, (result, output) in zip(self.requests, self.future.result() if self.future else (), strict=True):
            log_output(request.path, output)
            results.append(result)
        return results

    def merge(self, results: Iterable[R]) -> Iterator[T | R]:
        """Yield the items, with requests replaced by their results."""
        result = iter(results)
        for item in self.items:
            yield next(result) if isinstance(item, Request) else item


class Pool:
    """A pool of worker processes that run requests. With 0 `jobs`, this process runs them.

    If a worker is lost, the pending requests run again, chunk by chunk, and then each in a process of its own, until
    the culprit is isolated. Only the culprit fails.
    """

    def __init__(
        self,
        jobs: int,
        limits: Limits,
        make_executor: Callable[[], Executor] | None = None,
        prepare: Callable[[Limits], None] = become_worker,
    ) -> None:
        self._jobs = jobs
        self._limits = limits
        self._prepare = prepare
        self._make_executor = make_executor or self._make_workers
        self._executor: Executor | None = None

    def _make_workers(self) -> Executor:
        start_server()
        context = multiprocessing.get_context(START_METHOD)
        return Workers(self._jobs, context, partial(self._prepare, self._limits), self._limits.max_silence)

    @property
    def _may_fork(self) -> bool:
        """Whether a single request may run in a fork, which starts faster than the server of workers."""
        return self._jobs > 0 and self._executor is None and self._make_executor == self._make_workers

    @property
    def jobs(self) -> int:
        """The number of workers; 0 if this process runs the requests."""
        return self._jobs

    @property
    def has_workers(self) -> bool:
        """Whether worker processes run the requests."""
        return self._jobs > 0

    @overload
    def map(self, items: Iterable[Request[R]]) -> Iterator[R]: ...

    @overload
    def map(self, items: Iterable[T | Request[R]]) -> Iterator[T | R]: ...

    def map(self, items: Iterable[T | Request[R]]) -> Iterator[T | R]:
        """Yield the items in order, with requests replaced by their results.

        Raises:
            NotStartedError: no worker process can be started.
            DamError: a request raised it.

        """
        chunk: _Chunk[T, R] = _Chunk()
        window: deque[_Chunk[T, R]] = deque()
        for item in items:
            chunk.add(item)
            if chunk.is_full or not self._jobs:  # without workers, reading ahead has no use
                window.append(self._submit(chunk))
                chunk = _Chunk()
                while window and (window[0].is_done or self._is_far_ahead(window)):
                    yield from self._collect(window)
        if not window and len(chunk.requests) == 1 and self._may_fork:
            chunk.set_results([self._run_isolated(chunk.requests[0], FORK)])
        else:
            self._submit(chunk)
        window.append(chunk)
        while window:
            yield from self._collect(window)

    def run(self, request: Request[R]) -> R:
        """Run one request in a worker."""
        return next(self.map([request]))

    def close(self) -> None:
        """End the workers. Workers that do not end within a second are killed."""
        self._end(END_SECONDS)

    def kill(self) -> None:
        """End the workers at once."""
        self._end(0.0)

    def _end(self, seconds: float | None = None) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if seconds is not None and isinstance(executor, Workers):
            executor.kill(after=seconds)
        else:
            executor.shutdown(wait=True, cancel_futures=True)

    def _is_far_ahead(self, window: Sequence[_Chunk[T, R]]) -> bool:
        """Return whether enough chunks are pending."""
        return len(window) > self._jobs * MIN_CHUNKS_AHEAD and (
            sum(len(chunk.items) for chunk in window) > MAX_ITEMS_AHEAD
            or sum(chunk.bytes for chunk in window) > MAX_BYTES_AHEAD
        )

    def _submit(self, chunk: _Chunk[T, R]) -> _Chunk[T, R]:
        if not chunk.requests:
            return chunk
        if not self._jobs:
            chunk.set_results([_run_here(request) for request in chunk.requests])
            return chunk
        try:
            with deferred():  # an executor interrupted while it starts a process would never end
                if self._executor is None:
                    self._executor = self._make_executor()
                chunk.future = self._executor.submit(run_requests, chunk.requests)
        except BrokenExecutor as exc:
            chunk.future = Future()
            chunk.future.set_exception(exc)
        except (OSError, EOFError, NotImplementedError) as exc:
            raise NotStartedError(exc) from exc
        return chunk

    def _collect(self, window: deque[_Chunk[T, R]]) -> Iterator[T | R]:
        """Yield the results of the oldest chunk."""
        chunk = window.popleft()
        try:
            results = chunk.wait()
        except (BrokenExecutor, CancelledError, MemoryError):
            self._recover([chunk, *window])
            results = chunk.wait()
        yield from chunk.merge(results)

    def _recover(self, chunks: Iterable[_Chunk[T, R]]) -> None:
        """Run the pending chunks again after the loss of a worker, one at a time, to isolate the culprit."""
        self._end()
        for chunk in chunks:
            if chunk.future is None or chunk.has_result:
                continue
            try:
                self._submit(chunk).wait()
            except (BrokenExecutor, MemoryError):
                self._end()
                chunk.set_results([self._run_isolated(request) for request in chunk.requests])

    def _run_isolated(self, request: Request[R], start_method: str = START_METHOD) -> R:
        """Run a request in a process of its own. If that is lost, its file is the culprit."""
        with IsolatedRun(request, self._limits, start_method=start_method, prepare=self._prepare) as isolated_run:
            return isolated_run.result()


def _run_here(request: Request[R]) -> R:
    with logged_output(request.path):
        try:
            return run_request(request)
        except MemoryError:
            return request.give_up(TOO_MUCH_MEMORY)
