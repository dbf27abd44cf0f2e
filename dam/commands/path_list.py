"""Lists of paths from a file or stdin."""

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import UsageError


def read_paths(name: str, end: bytes) -> Iterator[str]:
    """Yield the paths in a file, or on stdin where `name` is `-`, each ended by `end`; empty ones are passed over.

    Raises:
        UsageError: the list cannot be read.

    """
    try:
        with nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as file:
            for raw in _pieces(file, end):
                if raw:
                    yield os.fsdecode(raw)
    except OSError as exc:
        raise UsageError(f"--files-from {name}: {exc.strerror or exc}") from exc


def _pieces(file: BinaryIO, end: bytes) -> Iterator[bytes]:
    if end == b"\n":
        for line in file:
            yield line.removesuffix(b"\n").removesuffix(b"\r")
        return
    rest = b""
    while chunk := file.read(64 * 1024):
        *whole, rest = (rest + chunk).split(end)
        yield from whole
    yield rest
