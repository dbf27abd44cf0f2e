"""Limits on the time and memory of decoding a file."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from threading import Thread
from typing import Any

from dam.core.config import settings
from dam.core.interrupts import stop_watching
from dam.services.processes.decoder_output import redirect_stderr


@dataclass(frozen=True)
class Limits:
    """Limits on decoding one file; 0 means unlimited."""

    seconds: int
    memory_bytes: int

    @property
    def max_silence(self) -> float | None:
        """Seconds without a heartbeat after which a worker is killed; None: unlimited."""
        return self.seconds + GRACE_SECONDS if self.seconds else None


GRACE_SECONDS = 30
"""Time that a worker gets beyond `Limits.seconds`: normally it ends itself, unless it is stopped or stuck."""

PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""

NO_LIMITS = Limits(seconds=0, memory_bytes=0)


def configured_limits() -> Limits:
    """Return the limits in the settings."""
    return Limits(settings.DAM_DECODE_SECONDS, settings.DAM_WORKER_MEMORY_MB * 1024 * 1024)


def ocr_limits() -> Limits:
    """Return the limits of reading words in a file, which takes seconds a page."""
    return replace(configured_limits(), seconds=settings.DAM_OCR_SECONDS)


class _Deadline:
    """The time limit of a worker, enforced by SIGALRM, which also interrupts code that never returns to Python."""

    seconds = 0


@contextmanager
def time_limit() -> Iterator[None]:
    """Apply the time limit for decoding one file to the block, if this process is a worker."""
    if _Deadline.seconds:
        signal.alarm(_Deadline.seconds)
    try:
        yield
    finally:
        if _Deadline.seconds:
            signal.alarm(0)


def become_worker(limits: Limits) -> None:
    """Make this process a worker: limit its time and memory, ignore Ctrl-C, and end when the parent ends.

    Output of decoders is collected; see `take_output`.
    """
    redirect_stderr()
    stop_watching()
    Thread(target=_end_with_parent, daemon=True).start()
    _be_killed_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  not on Windows

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _Deadline.seconds = limits.seconds
        if memory := _min_memory(limits.memory_bytes, *resource.getrlimit(resource.RLIMIT_AS)):
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _min_memory(*bounds: int) -> int:
    """Return the least of some limits, of which those that are not positive mean unlimited; 0 if all are.

    A limit of the user (`ulimit -v`) is never raised, though root may.
    """
    return min((bound for bound in bounds if bound > 0), default=0)


def _end_with_parent() -> None:
    """End this process when its parent ends: its pipe would never be closed, because it inherits both ends."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _be_killed_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it ends: a stopped process cannot end itself.

    That may be the server of workers, which ends when nobody has the other end of its pipe: each worker is given it.
    """
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  not needed elsewhere
        from multiprocessing import forkserver  # noqa: PLC0415  not on Windows

        server: Any = forkserver._forkserver  # noqa: SLF001  it has no public close
        if server._forkserver_alive_fd is not None:  # noqa: SLF001  as above
            os.close(server._forkserver_alive_fd)  # noqa: SLF001  as above
            server._forkserver_alive_fd = None  # noqa: SLF001  as above
        with suppress(AttributeError, OSError):  # a C library without it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def exit_reason(exit_code: int, limits: Limits) -> str:
    """Return the reason for a failure from the exit code of a worker that ended while it decoded."""
    if exit_code == -signal.SIGALRM:
        return f"decoding took longer than {limits.seconds} s"
    if exit_code == -signal.SIGKILL:
        return "decoding was killed, perhaps because memory ran out"
    name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return f"decoding crashed ({name})"
