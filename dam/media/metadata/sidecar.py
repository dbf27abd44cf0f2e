"""XMP sidecars: what is said of NAME.EXT in NAME.EXT.xmp or NAME.xmp beside it."""

import os
from collections.abc import Iterator

from dam.core.errors import UnreadableFileError
from dam.media.files.source import chunks, open_source

MAX_BYTES = 1024 * 1024
"""Larger files are not read as sidecars."""

_ENDINGS = (".xmp", ".XMP")


def is_sidecar(path: str) -> bool:
    """Tell whether a file is a sidecar, by its name."""
    return path.endswith(_ENDINGS)


def read_sidecar(path: str) -> bytes | None:
    """Return the content of the sidecar of a file; None where there is none, or none that can be read."""
    for name in _names(path):
        try:
            if 0 < os.stat(name).st_size <= MAX_BYTES:
                with open_source(name) as (file, _):
                    return b"".join(chunks(file))[:MAX_BYTES]
        except (OSError, ValueError, UnreadableFileError):  # the sidecar is an input of its own, and reported there
            continue
    return None


def has_sidecar(path: str) -> bool:
    """Tell whether a file has a sidecar, if one that cannot be read."""
    return any(os.path.lexists(name) for name in _names(path))


def _names(path: str) -> Iterator[str]:
    """Yield what the sidecar may be called; the full name comes first."""
    for base in names_of(path):
        for ending in _ENDINGS:
            yield base + ending


def named_by(sidecar: str) -> str:
    """Return what a sidecar is about: a file's path, with or without its extension."""
    return os.path.splitext(sidecar)[0]


def names_of(path: str) -> tuple[str, str]:
    """Return how sidecars name a file: its path with and without its extension; the full one comes first."""
    return path, os.path.splitext(path)[0]
