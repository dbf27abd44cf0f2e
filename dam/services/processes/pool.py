"""Running many requests side by side, in order and within bounds, whatever becomes of the workers."""

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
from dam.services.processes.alone import Alone, NotStartedError, run_alone
from dam.services.processes.decoder_output import log_output, logged_output
from dam.services.processes.limits import Limits, become_worker, configured_limits
from dam.services.processes.request import Request, run_request
from dam.services.processes.server import START_METHOD, default_jobs, start_server
from dam.services.processes.workers import Workers, run_requests

CHUNK_FILES = 64
CHUNK_BYTES = 1024 * 1024
CHUNK_ITEMS = 256
CHUNKS_AHEAD = 3
"""Chunks for each worker that may always be handed out and not come back."""
ITEMS_AHEAD = 768
BYTES_AHEAD = 32 * 1024 * 1024
"""Up to these, more may be: enough to keep the workers busy while a batch is written."""
END_SECONDS = 1.0
"""How long workers may go on with what they have when nobody wants it any more."""

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def open_pool(jobs: int | None = None) -> Iterator["Pool"]:
    """Give a pool of `jobs` workers (None: one a core; 0: this process) within the configured limits."""
    pool = Pool(default_jobs() if jobs is None else jobs, configured_limits())
    try:
        yield pool
    finally:
        pool.close()


@dataclass
class _Chunk(Generic[T, R]):
    """Some items in their order, and the requests among them in one task."""

    items: list[T | Request[R]] = field(default_factory=list)
    requests: list[Request[R]] = field(default_factory=list)
    bytes: int = 0
    future: "Future[list[tuple[R, str]]] | None" = None

    @property
    def is_full(self) -> bool:
        return len(self.requests) >= CHUNK_FILES or self.bytes >= CHUNK_BYTES or len(self.items) >= CHUNK_ITEMS

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
        """Take the results from elsewhere."""
        self.future = Future()
        self.future.set_result([(result, "") for result in results])

    def wait(self) -> list[R]:
        """Return the results, or raise what came instead."""
        results = []
        for request, (result, output) in zip(self.requests, self.future.result() if self.future else (), strict=True):
            log_output(request.path, output)
            results.append(result)
        return results

    def merge(self, results: Iterable[R]) -> Iterator[T | R]:
        """Put results in the places of their requests."""
        result = iter(results)
        for item in self.items:
            yield next(result) if isinstance(item, Request) else item


class Pool:
    """Worker processes that run requests; with no `jobs`, this process does it itself.

    A file that takes a worker down costs only itself: what was under way is done again, chunk by chunk, then file by
    file in a process each, until the culprit is isolated.
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
        return Workers(self._jobs, context, partial(self._prepare, self._limits), self._limits.patience)

    @property
    def has_workers(self) -> bool:
        """Whether others than this process run the requests."""
        return self._jobs > 0

    @overload
    def map(self, items: Iterable[Request[R]]) -> Iterator[R]: ...

    @overload
    def map(self, items: Iterable[T | Request[R]]) -> Iterator[T | R]: ...

    def map(self, items: Iterable[T | Request[R]]) -> Iterator[T | R]:
        """Yield every item in its order, with requests replaced by their results.

        Raises:
            DamError: what a request raised.

        """
        chunk: _Chunk[T, R] = _Chunk()
        window: deque[_Chunk[T, R]] = deque()
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

    def run(self, request: Request[R]) -> R:
        """Run one request now, in a worker."""
        return next(self.map([request]))

    def run_all(self, items: Sequence[T | Request[R]]) -> Iterator[T | R]:
        """Yield items that are all known as `map` does. A single request runs in a fork, which starts sooner."""
        if len(items) == 1 and isinstance(items[0], Request) and self._jobs and self._executor is None:
            yield run_alone(items[0], self._limits)
        else:
            results: Iterator[T | R] = self.map(items)
            yield from results

    def close(self) -> None:
        """End the workers; those that are not done within a second are killed, for nobody wants their results."""
        self._end(END_SECONDS)

    def _end(self, seconds: float | None = None) -> None:
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if seconds is not None and isinstance(executor, Workers):
            executor.kill(after=seconds)
        else:
            executor.shutdown(wait=True, cancel_futures=True)

    def _is_far_ahead(self, window: Sequence[_Chunk[T, R]]) -> bool:
        """Tell whether enough has been handed out."""
        return len(window) > self._jobs * CHUNKS_AHEAD and (
            sum(len(chunk.items) for chunk in window) > ITEMS_AHEAD
            or sum(chunk.bytes for chunk in window) > BYTES_AHEAD
        )

    def _submit(self, chunk: _Chunk[T, R]) -> _Chunk[T, R]:
        if not chunk.requests:
            return chunk
        if not self._jobs:
            chunk.set_results([_run_here(request) for request in chunk.requests])
            return chunk
        try:
            with deferred():  # an executor that is interrupted while it starts a process never ends
                if self._executor is None:
                    self._executor = self._make_executor()
                chunk.future = self._executor.submit(run_requests, chunk.requests)
        except BrokenExecutor as exc:
            chunk.future = Future()
            chunk.future.set_exception(exc)
        except (OSError, EOFError, NotImplementedError) as exc:
            chunk.set_results([self._do_without(exc, request) for request in chunk.requests])
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
        """Do again what was under way when a worker was lost: each chunk alone, so that the culprit is found."""
        self._end()
        for chunk in chunks:
            if chunk.future is None or chunk.has_result:
                continue
            try:
                self._submit(chunk).wait()
            except (BrokenExecutor, MemoryError):
                self._end()
                chunk.set_results([self._run_alone(request) for request in chunk.requests])

    def _run_alone(self, request: Request[R]) -> R:
        """Run a request in a process of its own; if that is lost, the file is to blame."""
        try:
            with Alone(request, self._limits, start_method=START_METHOD, prepare=self._prepare) as alone:
                return alone.result()
        except NotStartedError:
            return self._do_without("they end as soon as they begin", request)

    def _do_without(self, reason: object, request: Request[R]) -> R:
        """Go on without workers: none can be started, as where there are no semaphores."""
        if self._jobs:
            logger.warning("worker processes cannot be started (%s): files are examined in this one", reason)
            self._jobs = 0
        return _run_here(request)


def _run_here(request: Request[R]) -> R:
    with logged_output(request.path):
        try:
            return run_request(request)
        except MemoryError:
            return request.give_up(TOO_MUCH_MEMORY)
