"""What decoders say by themselves: Python's warnings, and what C libraries write to stderr. It goes to the log."""

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator

logger = logging.getLogger(__name__)

STDERR = 2
AT_ONCE = 64 * 1024
"""As much as a pipe holds: more than that is dropped."""


class _Redirected:
    """The pipe that stderr of this process, a worker, ends in."""

    reader: int | None = None


def redirect_stderr() -> None:
    """Send stderr and all warnings of this process, a worker, where `take_output` finds them. For good."""
    _Redirected.reader = _redirect()
    sys.stderr = open(STDERR, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115  for good
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)  # noqa: T201  the pipe of above


def take_output() -> str:
    """Return what was written to the redirected stderr since the last call."""
    return "" if _Redirected.reader is None else _read(_Redirected.reader)


@contextlib.contextmanager
def logged_output(path: str) -> Iterator[None]:
    """Log what decoding a file in this process makes decoders say.

    Only from the main thread: descriptors and warning filters belong to the whole process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with _redirected_for_now(path):
            yield
    for warning in warned:
        log_output(path, str(warning.message))


def log_output(path: str, output: str) -> None:
    """Log what was said of a file."""
    if output:
        logger.debug("decoding %r: %r", path, output)


@contextlib.contextmanager
def _redirected_for_now(path: str) -> Iterator[None]:
    try:
        stderr = os.dup(STDERR)
    except OSError:  # there is none
        yield
        return
    reader = _redirect()
    try:
        yield
    finally:
        os.dup2(stderr, STDERR)
        os.close(stderr)
        output = _read(reader)
        os.close(reader)
        log_output(path, output)


def _redirect() -> int:
    """Let stderr be a pipe that never blocks; return its other end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    os.dup2(writer, STDERR)
    os.close(writer)
    return reader


def _read(reader: int) -> str:
    with contextlib.suppress(BlockingIOError):
        return os.read(reader, AT_ONCE).decode(errors="backslashreplace").strip()
    return ""
