"""Progress on stderr: a line that moves on a terminal, elsewhere a line every so often."""

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
"""How often a line is written where there is no terminal."""


class Progress(Protocol):
    """What a long command tells its reader meanwhile."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Say that one more file of `size` bytes is done, or several `files` of `size` bytes in all."""


class NoProgress:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Say nothing."""


class Tally:
    """What has been done so far, and how fast. `clock` gives seconds."""

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
        """Return how long the rest of `total` bytes takes if it goes on like this; None where nobody can say."""
        if not total or not self._bytes or self._bytes > total:
            return None
        seconds = (self._clock() - self._began) * (total - self._bytes) / self._bytes
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left"


class LineProgress:
    """A line every so often, for logs."""

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
        """Count a file, and write a line when it is time."""
        self._tally.add(size, files)
        now = self._clock()
        if now >= self._next:
            self._next = now + self._every
            note(self._tally.text())


class TerminalProgress:
    """A spinner, counts, rate, time left and the current name, on one line of stderr."""

    def __init__(self, total: Callable[[], int | None]) -> None:
        from rich.console import Console  # noqa: PLC0415  needed on a terminal only
        from rich.progress import Progress as Bar  # noqa: PLC0415
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
        self._task = self._bar.add_task("reading …", total=None)
        self._tally = Tally(time.monotonic)
        self._total = total

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def advance(self, name: str, size: int, files: int = 1) -> None:
        """Count a file and show its name."""
        self._tally.add(size, files)
        parts = (self._tally.text(), self._tally.time_left(self._total()), safe(name))
        self._bar.update(self._task, description="  ".join(part for part in parts if part))


class Beside:
    """A number that a thread finds out while the work goes on; None until it is known."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._found: int | None = None
        threading.Thread(target=self._run, daemon=True).start()  # nobody waits for it when the work is done first

    def _run(self) -> None:
        with suppress(DamError, OSError):  # the work itself meets it too, and says so
            self._found = self._count()

    def __call__(self) -> int | None:
        """Return the number if it is known."""
        return self._found


def progress(*, quiet: bool = False, count: Callable[[], int] | None = None) -> Progress:
    """Return a progress that fits where stderr goes. `count` tells how many bytes there are, for the time left."""
    if quiet:
        return NoProgress()
    if not sys.stderr.isatty():
        return LineProgress()
    if sys.stdout.isatty():  # the lines there tell enough already
        return NoProgress()
    return TerminalProgress(Beside(count) if count else lambda: None)
