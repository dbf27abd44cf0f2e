"""Progress on stderr: a bar on a terminal, below what is written there, otherwise a line at intervals."""

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, Self

from dam.core.errors import DamError
from dam.render.text import counted, human_size, note

Clock = Callable[[], float]

EVERY_SECONDS = 10.0
"""Interval between lines if stderr is not a terminal."""


class Progress(Protocol):
    """Reports the progress of a long command."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def advance(self, name: str, size: int, files: int = 1, *, is_read: bool = True) -> None:
        """Report that one more file of `size` bytes is done, or several `files` of `size` bytes in all.

        `is_read`: whether they have been read. Those that have not do not count for the rate.
        """


class NoProgress:
    """Reports nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, name: str, size: int, files: int = 1, *, is_read: bool = True) -> None:
        """Do nothing."""


class Tally:
    """Counts files and bytes, and computes the rate. `clock` returns seconds.

    `max_seconds`: the work ends by itself after so long.
    """

    def __init__(self, clock: Clock, max_seconds: float | None = None) -> None:
        self._clock = clock
        self.max_seconds = max_seconds
        self._began = clock()
        self._files = self._bytes = self._read = 0

    def add(self, size: int, files: int = 1, *, is_read: bool = True) -> None:
        """Count files of `size` bytes in all."""
        self._files += files
        self._bytes += size
        self._read += size if is_read else 0

    def text(self) -> str:
        """Return files, bytes and rate, such as `12,345 files, 3.2 GB, 41.0 MB/s`."""
        return f"{self.files}, {human_size(self._bytes)}, {self.rate}"

    @property
    def files(self) -> str:
        """The number of files, such as `12,345 files`."""
        return counted(self._files, "file")

    @property
    def rate(self) -> str:
        """The bytes that were read in a second, such as `41.0 MB/s`."""
        return f"{human_size(self._read / max(self._clock() - self._began, 0.001))}/s"

    @property
    def elapsed(self) -> str:
        """The time since the beginning, such as `0:01:05`."""
        return _clock_time(self._clock() - self._began)

    def percent(self, total: int | None) -> int | None:
        """Return how much of `total` bytes is done; None if it is unknown, or wrong."""
        return 100 * self._bytes // total if total and self._bytes <= total else None

    def time_left(self, total: int | None) -> str | None:
        """Return the estimated time for the rest of `total` bytes, at most that to the end; None if it is unknown."""
        elapsed = self._clock() - self._began
        estimates = [] if self.max_seconds is None else [max(self.max_seconds - elapsed, 0.0)]
        if total and 0 < self._bytes <= total:
            estimates.append(elapsed * (total - self._bytes) / self._bytes)
        return f"{_clock_time(min(estimates))} left" if estimates else None


def _clock_time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


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

    def advance(self, name: str, size: int, files: int = 1, *, is_read: bool = True) -> None:  # noqa: ARG002  no names
        """Count a file, and write a line when the interval has passed."""
        self._tally.add(size, files, is_read=is_read)
        now = self._clock()
        if now >= self._next:
            self._next = now + self._every
            note(self._tally.text())


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


def progress(
    *, quiet: bool = False, count: Callable[[], int] | None = None, max_seconds: float | None = None
) -> Progress:
    """Return a progress that suits stderr.

    For the time left, `count` returns the total number of bytes, and the work ends after `max_seconds`.
    """
    if quiet:
        return NoProgress()
    if not sys.stderr.isatty():
        return LineProgress()
    from dam.render.bar import TerminalProgress  # noqa: PLC0415  imports this module

    return TerminalProgress(BackgroundCount(count) if count else lambda: None, max_seconds)
