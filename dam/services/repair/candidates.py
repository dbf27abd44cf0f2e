"""Where a sound copy of a content may be: in the mirrors, the quarantine, the recorded sources, and given folders."""

import os
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from dam.core.errors import UnreadableFileError
from dam.media.files.digests import sha256_of
from dam.media.files.walk import FoundFile, walk
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror
from dam.services.sources.source_paths import recorded_paths
from dam.storage.reading import open_regular


def known_copies(
    library: Library, mirrors: Iterable[OpenMirror], set_aside: Iterable[str], sha256: str, entity_id: int | None
) -> Iterator[str]:
    """Yield the files that may have a content, by what is recorded; `set_aside` are those in the quarantine."""
    for mirror in mirrors:
        yield str(mirror.store.place(sha256))
    yield from set_aside
    if entity_id is not None:
        with library.read() as session:
            paths = recorded_paths(session, entity_id)
        yield from paths


def copies_in(folders: Iterable[str], wanted: Mapping[int, AbstractSet[str]]) -> Iterator[tuple[str, str]]:
    """Yield the digest and path of each file in some folders with a wanted content: keys by size in bytes.

    Only files of a wanted size are read.
    """
    for found in walk(folders):
        if isinstance(found, FoundFile) and found.status.st_size in wanted:
            digest = digest_of(found.path)
            if digest and digest in wanted[found.status.st_size]:
                yield digest, found.path


def digest_of(path: str | os.PathLike[str]) -> str | None:
    """Return the SHA-256 of a regular file; None if it cannot be read."""
    try:
        with open_regular(path) as file:
            return sha256_of(file)
    except (UnreadableFileError, OSError):
        return None


def size_of(path: str | os.PathLike[str]) -> int | None:
    """Return the size of what is at a path; None if there is nothing."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return None
