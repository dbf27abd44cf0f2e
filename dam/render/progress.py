"""Progress on stderr: a line that moves, on a terminal; nothing elsewhere."""

import sys
import time
from typing import Protocol, Self

from dam.render.text import counted, human_size, safe


class Progress(Protocol):
    """What a long command tells its reader meanwhile."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def advance(self, name: str, size: int) -> None:
        """Say that one more file, of `size` bytes, is done."""


class NoProgress:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, name: str, size: int) -> None:
        """Say nothing."""


class TerminalProgress:
    """A spinner, counts, rate and the current name, on one line of stderr."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415  needed on a terminal only
        from rich.progress import Progress as Bar  # noqa: PLC0415
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
        self._task = self._bar.add_task("reading …", total=None)
        self._began = time.monotonic()
        self._files = self._bytes = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def advance(self, name: str, size: int) -> None:
        """Count a file and show its name."""
        self._files += 1
        self._bytes += size
        rate = human_size(self._bytes / max(time.monotonic() - self._began, 0.001))
        text = f"{counted(self._files, 'file')}  {human_size(self._bytes)}  {rate}/s  {safe(name)}"
        self._bar.update(self._task, description=text)


def progress(*, quiet: bool = False) -> Progress:
    """Return a progress that fits where stderr goes; lines on a terminal's stdout tell enough already."""
    return NoProgress() if quiet or not sys.stderr.isatty() or sys.stdout.isatty() else TerminalProgress()
