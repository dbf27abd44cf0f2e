"""What decoding one file may take, and how a process keeps to it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from threading import Thread

from dam.core.config import settings
from dam.services.processes.decoder_output import redirect_stderr


@dataclass(frozen=True)
class Limits:
    """What decoding one file may take."""

    seconds: int
    memory_bytes: int

    @property
    def patience(self) -> float | None:
        """Seconds of silence after which a worker is stuck or stopped; None: it may take for ever."""
        return self.seconds + GRACE_SECONDS if self.seconds else None


GRACE_SECONDS = 30
"""How much longer than a file may take a worker may be silent: it ends itself, unless it is stopped or stuck."""

NO_LIMITS = Limits(seconds=0, memory_bytes=0)


def configured_limits() -> Limits:
    """Return the limits of the settings."""
    return Limits(settings.DAM_DECODE_SECONDS, settings.DAM_WORKER_MEMORY_MB * 1024 * 1024)


class _Deadline:
    """The end of a worker whose decoder hangs: the system's alarm, which also reaches code that never returns."""

    seconds = 0


@contextmanager
def in_time() -> Iterator[None]:
    """Let the block take as long as decoding one file may, if this process is a worker."""
    if _Deadline.seconds:
        signal.alarm(_Deadline.seconds)
    try:
        yield
    finally:
        if _Deadline.seconds:
            signal.alarm(0)


def become_worker(limits: Limits) -> None:
    """Make this process a worker: bounded in time and memory, deaf to Ctrl-C, and gone with its parent.

    What its decoders write to stderr is collected; see `take_output`.
    """
    redirect_stderr()
    Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  not on Windows

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _Deadline.seconds = limits.seconds
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _end_with_parent() -> None:
    """End this process when its parent is killed: it would wait for jobs for ever, since it holds their pipe itself."""
    if parent := parent_process():
        parent.join()
        os._exit(1)


def reason_of_end(exit_code: int, limits: Limits) -> str:
    """Say what the exit code of a worker means that ended while it decoded."""
    if exit_code == -signal.SIGALRM:
        return f"decoding took longer than {limits.seconds} s"
    if exit_code == -signal.SIGKILL:
        return "decoding was killed, as for want of memory"
    name = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return f"decoding crashed ({name})"
