"""Find and read XMP sidecars: NAME.EXT.xmp or NAME.xmp beside NAME.EXT."""

import os
from collections.abc import Iterator

from dam.core.errors import UnreadableFileError
from dam.media.files.source import chunks, open_source

MAX_BYTES = 1024 * 1024
"""Maximum size of a sidecar; larger files are ignored."""

_EXTENSIONS = (".xmp", ".XMP")


def is_sidecar(path: str) -> bool:
    """Return whether a path has the extension of a sidecar."""
    return path.endswith(_EXTENSIONS)


def read_sidecar(path: str, *, follow_links: bool = False) -> bytes | None:
    """Return the content of a file's sidecar; None if there is no readable one. A link could lead to any file."""
    for candidate in _candidates(path):
        try:
            if os.path.islink(candidate) and not follow_links:
                continue
            if 0 < os.stat(candidate).st_size <= MAX_BYTES:
                with open_source(candidate) as (file, _):
                    return b"".join(chunks(file))[:MAX_BYTES]
        except (OSError, ValueError, UnreadableFileError):  # reported when the sidecar itself is ingested
            continue
    return None


def has_sidecar(path: str) -> bool:
    """Return whether a file has a sidecar, readable or not."""
    return any(os.path.lexists(candidate) for candidate in _candidates(path))


def _candidates(path: str) -> Iterator[str]:
    """Yield the possible paths of a file's sidecar, NAME.EXT.xmp first."""
    for base in subject_paths(path):
        for extension in _EXTENSIONS:
            yield base + extension


def subject_path(sidecar: str) -> str:
    """Return the path that a sidecar's name refers to: that of a file, with or without its extension."""
    return os.path.splitext(sidecar)[0]


def subject_paths(path: str) -> tuple[str, str]:
    """Return a file's path with its extension and without: the two names by which a sidecar can refer to it."""
    return path, os.path.splitext(path)[0]
