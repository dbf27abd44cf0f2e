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
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """A thread that waits for signals."""

    def __init__(self) -> None:
        self.is_active = True
        self.has_told = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        try:
            self._stderr = os.dup(2)  # what is written to 2 while a file is decoded goes to the log
        except OSError:
            self._stderr = -1
        threading.Thread(target=self._attend, daemon=True).start()
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def stop(self) -> None:
        """Let the thread end; in a fork, there is none."""
        self.is_active = False
        signal.set_wakeup_fd(-1)
        os.close(self._writer)
        if self._stderr >= 0:
            os.close(self._stderr)

    def _attend(self) -> None:
        if number := self._next_signal():
            left, is_urgent = GRACE_SECONDS, False
            while self.is_active and left > 0:
                if not is_urgent and select.select([self._reader], [], [], STEP_SECONDS)[0]:
                    is_urgent = self._next_signal() > 0  # the second one does not wait for a step to end
                elif _Pending.depth == 0 or is_urgent:
                    time.sleep(STEP_SECONDS if is_urgent else 0)
                    left -= STEP_SECONDS
            if self.is_active:
                self._leave(number)
        os.close(self._reader)

    def _next_signal(self) -> int:
        """Wait for a signal that ends the program; return 0 if there is none any more. See `signal.set_wakeup_fd`."""
        while data := os.read(self._reader, 1):
            if data[0] in (signal.SIGINT, signal.SIGTERM):
                return data[0]
        return 0

    def _leave(self, number: int) -> NoReturn:
        """End this process although its main thread is busy."""
        if number == signal.SIGINT and not self.has_told:
            with suppress(OSError):
                os.write(self._stderr, f"dam-cli: {message()}\n".encode())
        os._exit(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)


class _Current:
    watch: _Watch | None = None


def handle_interrupts() -> None:
    """Let SIGINT raise KeyboardInterrupt and SIGTERM exit with 143: at once, or after what is deferring them."""
    signal.signal(signal.SIGINT, _hear)
    signal.signal(signal.SIGTERM, _hear)
    if sys.platform != "win32":
        stop_watching()
        with suppress(OSError, RuntimeError):  # too many open files, or threads
            _Current.watch = _Watch()


def stop_watching() -> None:
    """Leave interruptions to the main thread alone, as in a worker."""
    if _Current.watch:
        _Current.watch.stop()
        _Current.watch = None


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
    if _Current.watch:
        _Current.watch.has_told = True
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
