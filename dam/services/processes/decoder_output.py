"""Redirect the output of decoders to the log: Python's warnings, and what C libraries write to stderr."""

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator

logger = logging.getLogger(__name__)

STDERR = 2
MAX_OUTPUT_BYTES = 64 * 1024
"""Capacity of a pipe; further output is dropped."""


class _Redirected:
    """The pipe to which stderr of a worker is redirected."""

    reader: int | None = None


def redirect_stderr() -> None:
    """Redirect stderr and all warnings of this worker process permanently; `take_output` returns them."""
    _Redirected.reader = _redirect()
    sys.stderr = open(STDERR, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115  for good
    warnings.simplefilter("always")
    warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)  # noqa: T201  the pipe of above


def take_output() -> str:
    """Return the output to the redirected stderr since the last call."""
    return "" if _Redirected.reader is None else _read(_Redirected.reader)


@contextlib.contextmanager
def logged_output(path: str) -> Iterator[None]:
    """Log the output of decoders in the block.

    Works only in the main thread, because descriptors and warning filters are global to the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with _redirected(path):
            yield
    for warning in warned:
        log_output(path, str(warning.message))


def log_output(path: str, output: str) -> None:
    """Log the output of decoding a file."""
    if output:
        logger.debug("decoding %r: %r", path, output)


@contextlib.contextmanager
def _redirected(path: str) -> Iterator[None]:
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
    """Redirect stderr to a non-blocking pipe; return its read end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    os.dup2(writer, STDERR)
    os.close(writer)
    return reader


def _read(reader: int) -> str:
    with contextlib.suppress(BlockingIOError):
        return os.read(reader, MAX_OUTPUT_BYTES).decode(errors="backslashreplace").strip()
    return ""
