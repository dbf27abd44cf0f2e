"""Lists of paths from a file or stdin."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import UsageError

AT_ONCE = 64 * 1024


def read_paths(name: str, end: bytes) -> Iterator[list[str]]:
    """Yield the paths in a file, or on stdin where `name` is `-`: those together that could be read without waiting.

    Each is ended by `end`; empty ones are passed over.

    Raises:
        UsageError: the list cannot be read.

    """
    rest = b""
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            while chunk := os.read(file.fileno(), AT_ONCE):
                *whole, rest = (rest + chunk).split(end)
                if paths := _decoded(whole, end):
                    yield paths
    except OSError as exc:
        raise UsageError(f"--files-from {name}: {exc.strerror or exc}") from exc
    if paths := _decoded([rest], end):
        yield paths


def _decoded(pieces: list[bytes], end: bytes) -> list[str]:
    if end == b"\n":
        pieces = [piece.removesuffix(b"\r") for piece in pieces]
    return [os.fsdecode(piece) for piece in pieces if piece]


@contextmanager
def open_input(name: str) -> Iterator[BinaryIO]:
    """Open a file for reading, or stdin where `name` is `-`.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            yield file
    except OSError as exc:
        raise UsageError(f"{name}: {exc.strerror or exc}") from exc
