"""The one definition of "the store has it": what is wrong with a blob, if anything.

A sound blob is a regular file at its place, no symbolic link, of the recorded size, and (where it is read) with the
recorded digest. It has one name, and nobody may write to it: otherwise its bytes can change through another name, or
go with the file of the user that it is. Who links blobs on purpose (`--mode hardlink`) takes that on; the store
remembers which these are. Where a source is unlinked because the store has its content, not even these are trusted.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from dam.storage.blob_store import BlobStore


CHUNK_BYTES = 1024 * 1024


class FlawKind(StrEnum):
    """Why a blob is not to be trusted."""

    MISSING = "missing"
    NO_FILE = "no-file"
    """A symbolic link, folder, pipe or device stands in its place."""
    SAME_FILE = "same-file"
    """It is the very file that the store should have a copy of."""
    SIZE = "size"
    CONTENT = "content"
    LINKED = "linked"
    """It has another name, by a hard link that was not made on purpose."""
    WRITABLE = "writable"


@dataclass(frozen=True)
class Flaw:
    """Why a blob is not to be trusted; `detail` reads on after its path or "the blob"."""

    kind: FlawKind
    detail: str

    @property
    def is_damage(self) -> bool:
        """Whether the bytes are not (all) there. Otherwise they are, in a file that is not safe."""
        return self.kind not in (FlawKind.SAME_FILE, FlawKind.LINKED, FlawKind.WRITABLE)


OTHER_CONTENT = Flaw(FlawKind.CONTENT, "has a content that does not match its digest")


def file_flaw(
    path: str, size: int, content: str | bytes | None, apart_from: os.stat_result | None = None
) -> Flaw | None:
    """Return what is wrong with the file of a blob; None if it is sound.

    It is read if `content` is given: the SHA-256 that it must have, or the bytes.

    It is opened without following a link, and without waiting for the writer of a pipe.

    Raises:
        OSError: it cannot be read.

    """
    try:
        named = os.lstat(path)
        if not stat.S_ISREG(named.st_mode):
            return Flaw(FlawKind.NO_FILE, f"is {_special(named.st_mode)}, not a file")
        descriptor, status = _opened(path)
    except (FileNotFoundError, NotADirectoryError):
        return Flaw(FlawKind.MISSING, "is not in the store")
    try:
        if apart_from is not None and os.path.samestat(status, apart_from):
            return Flaw(FlawKind.SAME_FILE, "is the same file as the source")
        if isinstance(content, bytes):
            return _bytes_flaw(descriptor, status.st_size, content) or _access_flaw(status)
        if content is not None and status.st_size == size <= CHUNK_BYTES:
            # At once: most files are small, and then the calls take longer than the bytes
            whole = hashlib.sha256(os.read(descriptor, size + 1)).hexdigest()
            return OTHER_CONTENT if whole != content else _access_flaw(status)
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            return _content_flaw(file, status.st_size, size, content) or _access_flaw(status)
    finally:
        os.close(descriptor)


def open_regular(path: str) -> int:
    """Open a file for reading, and nothing else than a file: not through a link, and without waiting; OSError."""
    return _opened(path)[0]


def _opened(path: str) -> tuple[int, os.stat_result]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor, status
    os.close(descriptor)
    raise OSError(None, "is not a regular file")


def stream_flaw(store: "BlobStore", key: str, size: int, *, content: bool | bytes) -> Flaw | None:
    """Return what is wrong with a blob of a store that has no files."""
    stored = store.size(key)
    if stored is None:
        return Flaw(FlawKind.MISSING, "is not in the store")
    if stored == size and not content:
        return None
    with store.open(key) as stream:
        return _content_flaw(stream, stored, size, key if content else None)


def _bytes_flaw(descriptor: int, stored: int, content: bytes) -> Flaw | None:
    """Compare a file with bytes in memory: that takes a tenth of the time of a digest."""
    if stored != len(content):
        return Flaw(FlawKind.SIZE, f"has {stored} bytes instead of {len(content)}")
    for start in range(0, stored, CHUNK_BYTES):
        expected = content if stored <= CHUNK_BYTES else content[start : start + CHUNK_BYTES]
        if os.read(descriptor, len(expected)) != expected:
            return OTHER_CONTENT
    return None


def _content_flaw(file: BinaryIO, stored: int, size: int, sha256: str | None) -> Flaw | None:
    if stored != size:
        return Flaw(FlawKind.SIZE, f"has {stored} bytes instead of {size}")
    if sha256 is not None and _sha256(file) != sha256:
        return OTHER_CONTENT
    return None


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _access_flaw(status: os.stat_result) -> Flaw | None:
    if status.st_nlink > 1:
        return Flaw(FlawKind.LINKED, "has another name, by a hard link")
    if status.st_mode & 0o222:
        return Flaw(FlawKind.WRITABLE, "can be written to")
    return None


def _special(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a special file"
