"""Run a single request in a worker process of its own."""

import multiprocessing
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from dam.core.errors import TOO_MUCH_MEMORY, DamError
from dam.core.interrupts import blocked
from dam.services.processes.decoder_output import log_output
from dam.services.processes.limits import Limits, become_worker, configured_limits, exit_reason
from dam.services.processes.request import Request
from dam.services.processes.workers import WorkerLostError, Workers, run_requests

R = TypeVar("R")

# A fork starts in a few milliseconds, with all modules that this process has imported. It is safe here: the worker runs
# only the request, does not use inherited database connections, and ends without closing them (multiprocessing ends a
# fork with os._exit). A thread may hold a lock during the fork, but the libraries that are used in threads here (numpy,
# zlib, the allocator) reset theirs in the child. On other systems, forks are not reliable.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"


class NotStartedError(DamError):
    """A worker process cannot be started, or ends before it runs the request."""

    def __init__(self, reason: object) -> None:
        super().__init__(
            f"worker processes cannot be started: {reason}; raise the limits of processes and memory (ulimit -u, "
            "ulimit -v), or decode without workers and limits where a command has --jobs, by --jobs 0"
        )


ENDED_EARLY = "they end before they read a file, perhaps for lack of memory"


class IsolatedRun(Generic[R]):
    """A request that runs in a process of its own. Leaving the context kills the process.

    `limits` are those of the settings by default.

    Raises:
        NotStartedError: the process cannot be started.

    """

    def __init__(
        self,
        request: Request[R],
        limits: Limits | None = None,
        *,
        start_method: str = START_METHOD,
        prepare: Callable[[Limits], None] = become_worker,
    ) -> None:
        self._request = request
        self._limits = limits or configured_limits()
        context: Any = multiprocessing.get_context(start_method)
        self._workers = Workers(1, context, partial(prepare, self._limits), self._limits.max_silence)
        try:
            with blocked():  # until it ignores Ctrl-C
                self._future = self._workers.submit(run_requests, [request])
        except (OSError, EOFError, NotImplementedError) as exc:
            self._workers.kill()
            raise NotStartedError(exc) from exc

    def __enter__(self) -> "IsolatedRun[R]":
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the process."""
        self._workers.kill()

    def result(self) -> R:
        """Wait for the result.

        Raises:
            NotStartedError: the process ended before it ran the request.
            DamError: the request raised it.

        """
        try:
            [(result, output)] = self._future.result()
        except WorkerLostError as exc:
            if not exc.has_begun:
                raise NotStartedError(ENDED_EARLY) from exc
            return self._request.give_up(exit_reason(exc.exit_code, self._limits))
        except MemoryError:
            return self._request.give_up(TOO_MUCH_MEMORY)
        log_output(self._request.path, output)
        return result


def run_isolated(request: Request[R], limits: Limits | None = None) -> R:
    """Run a request in a process of its own; see `IsolatedRun` and its `result` for what is raised."""
    with IsolatedRun(request, limits) as isolated_run:
        return isolated_run.result()
