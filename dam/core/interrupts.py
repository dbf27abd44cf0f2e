"""Handle Ctrl-C and SIGTERM: they end the program between two steps, never during a write.

The main thread hears a signal only when it returns to Python, which a decoder or a wait for a lock can keep it from.
So a thread waits for signals too, and ends the program where the main thread has not done so in time. What is
durable then is durable, as after SIGKILL.
"""

import os
import select
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


GRACE_SECONDS = 1.5
"""Time that the main thread has to end the program, from the end of what defers the interruption."""
STEP_SECONDS = 0.1


class _Watch:
    """The thread that waits for signals, once for a process."""

    process = 0
    writer = -1
    turn = 0
    """Number of the command in this process: tests run several."""
    has_told = False


def handle_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM exit with 143: at once, or after what is deferring them."""
    signal.signal(signal.SIGINT, _hear)
    signal.signal(signal.SIGTERM, _hear)
    if sys.platform != "win32":
        _watch()


def _watch() -> None:
    if _Watch.process != os.getpid():  # a fork has no threads
        reader, _Watch.writer = os.pipe()
        os.set_blocking(_Watch.writer, False)
        _Watch.process = os.getpid()
        threading.Thread(target=_attend, args=(reader,), daemon=True).start()
    _Watch.turn += 1
    _Watch.has_told = False
    signal.set_wakeup_fd(_Watch.writer, warn_on_full_buffer=False)


def stop_watching() -> None:
    """Leave interruptions to the main thread alone, as in a worker."""
    _Watch.turn += 1
    signal.set_wakeup_fd(-1)


def _attend(reader: int) -> None:
    while number := _signal_from(reader):
        turn, left, is_urgent = _Watch.turn, GRACE_SECONDS, False
        while turn == _Watch.turn and left > 0:
            if select.select([reader], [], [], STEP_SECONDS)[0]:
                is_urgent = _signal_from(reader) > 0 or is_urgent  # the second one does not wait for a step to end
            elif _Pending.depth == 0 or is_urgent:
                left -= STEP_SECONDS
        if turn == _Watch.turn:
            _leave(number)


def _signal_from(reader: int) -> int:
    """Wait for a signal, and return its number if it ends the program; see `signal.set_wakeup_fd`."""
    while number := os.read(reader, 1)[0]:
        if number in (signal.SIGINT, signal.SIGTERM):
            return number
    return 0


def _leave(number: int) -> NoReturn:
    """End this process although its main thread is busy."""
    if not _Watch.has_told and number == signal.SIGINT:
        os.write(2, f"dam-cli: {message()}\n".encode())
    os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)


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
    _Watch.has_told = True
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
