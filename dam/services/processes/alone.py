"""One request in a worker process of its own, which ends with it."""

import multiprocessing
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from dam.core.errors import DamError
from dam.core.interrupts import blocked
from dam.services.processes.decoder_output import log_output
from dam.services.processes.limits import TOO_MUCH_MEMORY, Limits, become_worker, configured_limits, reason_of_end
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


def run_alone(
    request: Request[R],
    limits: Limits | None = None,
    *,
    start_method: str = START_METHOD,
    prepare: Callable[[Limits], None] = become_worker,
) -> R:
    """Run a request in a process of its own, within limits: those of the settings, unless others are given.

    Raises:
        NotStartedError: no process can be started.
        DamError: what the request raised.

    """
    limits = limits or configured_limits()
    context: Any = multiprocessing.get_context(start_method)
    workers = Workers(1, context, partial(prepare, limits), patience=limits.patience)
    try:
        [(result, output)] = _start(workers, request)
    except WorkerLostError as exc:
        if not exc.has_begun:
            raise NotStartedError("worker processes cannot be started: they end as soon as they begin") from exc
        return request.give_up(reason_of_end(exc.exit_code, limits))
    except MemoryError:
        return request.give_up(TOO_MUCH_MEMORY)
    finally:
        workers.kill()  # an interruption does not wait for it
    log_output(request.path, output)
    return result


def _start(workers: Workers, request: Request[R]) -> list[tuple[R, str]]:
    try:
        with blocked():  # until it ignores Ctrl-C
            future = workers.submit(run_requests, [request])
    except (OSError, EOFError, NotImplementedError) as exc:
        raise NotStartedError(f"worker processes cannot be started: {exc}") from exc
    return future.result()
