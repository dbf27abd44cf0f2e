"""One request in a worker process of its own, which ends with it."""

import multiprocessing
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from dam.core.errors import TOO_MUCH_MEMORY, DamError
from dam.core.interrupts import blocked
from dam.services.processes.decoder_output import log_output
from dam.services.processes.limits import Limits, become_worker, configured_limits, reason_of_end
from dam.services.processes.request import Request
from dam.services.processes.workers import WorkerLostError, Workers, run_requests

R = TypeVar("R")

# A fork starts in a few milliseconds and has imported what this process has. It is safe here: the worker runs nothing
# but the request, touches no connection of the database that it has inherited, and ends without closing one
# (multiprocessing ends a fork with os._exit). A thread of this process may hold a lock when it forks, but the libraries
# that are used in threads here (numpy, zlib, the allocator) reset theirs in a fork. Only Linux bears forks well.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"


class NotStartedError(DamError):
    """A worker process cannot be started, or ends before it does anything."""


class Alone(Generic[R]):
    """A request that runs in a process of its own from now on. Leaving its context ends the process.

    Within the limits of the settings, unless others are given.

    Raises:
        NotStartedError: no process can be started.

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
        self._workers = Workers(1, context, partial(prepare, self._limits), self._limits.patience)
        try:
            with blocked():  # until it ignores Ctrl-C
                self._future = self._workers.submit(run_requests, [request])
        except (OSError, EOFError, NotImplementedError) as exc:
            raise NotStartedError(f"worker processes cannot be started: {exc}") from exc

    def __enter__(self) -> "Alone[R]":
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever it is doing."""
        self._workers.kill()

    def result(self) -> R:
        """Wait for the result.

        Raises:
            NotStartedError: the process ended before it did anything.
            DamError: what the request raised.

        """
        try:
            [(result, output)] = self._future.result()
        except WorkerLostError as exc:
            if not exc.has_begun:
                raise NotStartedError("worker processes cannot be started: they end as soon as they begin") from exc
            return self._request.give_up(reason_of_end(exc.exit_code, self._limits))
        except MemoryError:
            return self._request.give_up(TOO_MUCH_MEMORY)
        log_output(self._request.path, output)
        return result


def run_alone(request: Request[R], limits: Limits | None = None) -> R:
    """Run a request in a process of its own; see `Alone` and its `result` for what is raised."""
    with Alone(request, limits) as alone:
        return alone.result()
