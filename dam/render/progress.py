"""Progress on stderr: one updated line on a terminal, otherwise a line at intervals."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, Self

from dam.core.errors import DamError
from dam.render.text import counted, human_size, note, safe

Clock = Callable[[], float]

EVERY_SECONDS = 10.0
"""Interval between lines if stderr is not a terminal."""


class Progress(Protocol):
    """Reports the progress of a long command."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Report that one more file of `size` bytes is done, or several `files` of `size` bytes in all."""


class NoProgress:
    """Reports nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Do nothing."""


class Tally:
    """Counts files and bytes, and computes the rate. `clock` returns seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock()
        self._files = self._bytes = 0

    def add(self, size: int, files: int = 1) -> None:
        """Count files of `size` bytes in all."""
        self._files += files
        self._bytes += size

    def text(self) -> str:
        """Return files, bytes and rate, such as `12,345 files, 3.2 GB, 41.0 MB/s`."""
        rate = self._bytes / max(self._clock() - self._began, 0.001)
        return f"{counted(self._files, 'file')}, {human_size(self._bytes)}, {human_size(rate)}/s"

    def time_left(self, total: int | None) -> str | None:
        """Return the estimated time for the rest of `total` bytes; None if it is unknown."""
        if not total or not self._bytes or self._bytes > total:
            return None
        seconds = (self._clock() - self._began) * (total - self._bytes) / self._bytes
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left"


class LineProgress:
    """A line at intervals, for logs."""

    def __init__(self, clock: Clock = time.monotonic, every: float = EVERY_SECONDS) -> None:
        self._clock = clock
        self._every = every
        self._tally = Tally(clock)
        self._next = clock() + every

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, name: str, size: int, files: int = 1) -> None:  # noqa: ARG002  a log has the names on stdout
        """Count a file, and write a line when the interval has passed."""
        self._tally.add(size, files)
        now = self._clock()
        if now >= self._next:
            self._next = now + self._every
            note(self._tally.text())


class TerminalProgress:
    """A spinner, counts, rate, time left and the current name, on one line of stderr."""

    def __init__(self, total: Callable[[], int | None]) -> None:
        self._tally = Tally(time.monotonic)
        self._total = total

    def __enter__(self) -> Self:
        from rich.console import Console  # noqa: PLC0415  needed on a terminal only
        from rich.progress import Progress as Bar  # noqa: PLC0415
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        # A descriptor of its own: with --jobs 0, what is written to stderr while a file is decoded goes to the log
        self._terminal = open(os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace")
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(file=self._terminal), transient=True, redirect_stdout=False)
        self._task = self._bar.add_task("reading …", total=None)
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()
        self._terminal.close()

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Count a file and show its name."""
        self._tally.add(size, files)
        parts = (self._tally.text(), self._tally.time_left(self._total()), safe(name))
        self._bar.update(self._task, description="  ".join(part for part in parts if part))


class BackgroundCount:
    """A number computed by a thread in the background; None until it is known."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._found: int | None = None
        threading.Thread(target=self._run, daemon=True).start()  # not awaited if the work finishes first

    def _run(self) -> None:
        with suppress(DamError, OSError):  # the work itself meets the same error and reports it
            self._found = self._count()

    def __call__(self) -> int | None:
        """Return the number if it is known."""
        return self._found


def progress(*, quiet: bool = False, count: Callable[[], int] | None = None) -> Progress:
    """Return a progress that suits stderr. `count` returns the total number of bytes, for the time left."""
    if quiet:
        return NoProgress()
    if not sys.stderr.isatty():
        return LineProgress()
    if sys.stdout.isatty():  # the lines there show progress already
        return NoProgress()
    return TerminalProgress(BackgroundCount(count) if count else lambda: None)
