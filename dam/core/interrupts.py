"""Handle Ctrl-C and SIGTERM: they end the program between two steps, never during a write."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from dam.core.errors import ExitCode


class _Pending:
    """The deferred signal, and whether this process has changed anything."""

    depth = 0
    signal: int | None = None
    has_changed = False


def handle_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM exit with 143: at once, or after what is deferring them."""
    signal.signal(signal.SIGINT, _hear)
    signal.signal(signal.SIGTERM, _hear)


@contextmanager
def deferred() -> Iterator[None]:
    """Hold back an interruption until the end of the block; the second one comes through.

    Only the main thread is interrupted, so elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _Pending.depth += 1
    try:
        yield
    finally:
        _Pending.depth -= 1
        if _Pending.depth == 0 and _Pending.signal is not None:
            number, _Pending.signal = _Pending.signal, None
            _end(number)


@contextmanager
def blocked() -> Iterator[None]:
    """Start processes in the block with SIGINT blocked, so that they ignore Ctrl-C."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def note_change() -> None:
    """Note that this process has changed something durably."""
    _Pending.has_changed = True


def message() -> str:
    """Return the message for an interruption that ends the program."""
    if _Pending.has_changed:
        return "interrupted: what was reported is safe; the same command continues"
    return "interrupted: nothing was changed"


def _hear(number: int, _frame: FrameType | None) -> None:
    if _Pending.depth == 0 or _Pending.signal is not None:
        _Pending.signal = None  # the one that comes through stands for both
        _end(number)
    _Pending.signal = number


def _end(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(ExitCode.TERMINATED)
