"""The bar on a terminal: how much is done, the time left, and the current file, on the last line.

It is text without escape sequences, so it needs no particular terminal, and lets lines be written above it.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

from dam.render.progress import Tally
from dam.render.text import columns, covered, end_of, safe

EVERY_SECONDS = 0.2
"""Interval between two drawings."""
DEFAULT_COLUMNS = 80
BAR_COLUMNS = 12
MIN_NAME_COLUMNS = 12
GAP = "  "


def layout(tally: Tally, total: int | None, name: str, width: int) -> str:
    """Return the line: what matters most comes first, and what does not fit is left out."""
    percent = tally.percent(total)
    is_known = percent or tally.max_seconds is not None  # the first files tell too little
    wanted = [
        (1, f"{percent}%" if percent is not None else None),
        (2, (tally.time_left(total if percent else None) if is_known else None) or tally.elapsed),
        (3, tally.files),
        (4, tally.rate),
        (0, _bar(percent) if percent is not None else None),
    ]
    shown: list[tuple[int, str]] = []
    left = width
    for place, text in wanted:
        if text and len(text) <= left:
            shown.append((place, text))
            left -= len(text) + len(GAP)
    if left >= MIN_NAME_COLUMNS:
        shown.append((5, end_of(safe(name), left)))
    return GAP.join(text for _, text in sorted(shown))


def _bar(percent: int) -> str:
    done = BAR_COLUMNS * percent // 100
    return f"[{'#' * done}{'.' * (BAR_COLUMNS - done)}]"


class TerminalProgress:
    """Draws the bar at intervals, in a thread: one file can take minutes."""

    def __init__(self, total: Callable[[], int | None], max_seconds: float | None = None) -> None:
        self._tally = Tally(time.monotonic, max_seconds)
        self._total = total
        self._name = "reading …"
        self._shown = 0
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_again, daemon=True)
        self._process = os.getpid()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        # A descriptor of its own: with --jobs 0, what is written to stderr while a file is decoded goes to the log
        self._terminal = self._stack.enter_context(
            open(os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace")
        )
        self._stack.enter_context(covered(self.hidden))
        for handler in logging.getLogger("dam").handlers:
            handler.addFilter(self._hide_for_log)
            self._stack.callback(handler.removeFilter, self._hide_for_log)
        self._draw()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended.set()
        self._thread.join()
        self.clear()
        self._stack.close()

    def advance(self, name: str, size: int, files: int = 1, *, is_read: bool = True) -> None:
        """Count a file; the next drawing shows its name."""
        self._tally.add(size, files, is_read=is_read)
        self._name = name

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Let something else be written in the place of the bar."""
        if os.getpid() != self._process:  # in a fork, the thread that may hold the lock does not exist
            yield
            return
        with self._lock:
            self.clear()
            yield

    def clear(self) -> None:
        """Remove the bar; the next drawing brings it back."""
        with self._lock:
            self._write(f"\r{' ' * self._shown}\r" if self._shown else "")
            self._shown = 0

    def _hide_for_log(self, _record: logging.LogRecord) -> bool:
        with self.hidden():
            return True

    def _draw_again(self) -> None:
        while not self._ended.wait(EVERY_SECONDS):
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            encoding, width = self._terminal.encoding, self._width()
            text = layout(self._tally, self._total(), self._name, width)
            if not text.isascii() and text.encode(encoding, "replace").decode(encoding) != text:
                text = text.encode(encoding, "backslashreplace").decode(encoding)[:width]  # longer than it was
            width = columns(text)
            self._write(f"\r{text}{' ' * (self._shown - width)}")
            self._shown = width

    def _width(self) -> int:
        """Return the columns that can be written without moving to the next line."""
        with suppress(OSError):
            return (os.get_terminal_size(self._terminal.fileno()).columns or DEFAULT_COLUMNS) - 1
        return DEFAULT_COLUMNS - 1

    def _write(self, text: str) -> None:
        with suppress(OSError):  # the terminal has gone
            self._terminal.write(text)
            self._terminal.flush()
