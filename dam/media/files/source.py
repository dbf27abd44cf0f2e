"""Reading a source file once, and noticing when it changes meanwhile."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Self

from dam.core.errors import UnreadableFileError

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class FileState:
    """What tells whether a file is still the same: size in bytes, times in nanoseconds, inode number."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Take the state from a stat result; the inode number as a signed 64-bit integer."""
        inode = status.st_ino & (2**64 - 1)
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode - 2**64 if inode >= 2**63 else inode)

    def is_but_for_links(self, other: "FileState") -> bool:
        """Tell whether only the time of the last change differs, which a new or lost name of the file also sets."""
        return replace(self, ctime_ns=other.ctime_ns) == other


@contextmanager
def open_source(path: str, *, linking: bool = False) -> Iterator[tuple[BinaryIO, FileState]]:
    """Open a regular file for reading; on leaving, make sure that it did not change.

    `linking` says that it gets another name meanwhile, which is no change.

    Raises:
        UnreadableFileError: it is no regular file, cannot be opened or read, or changed while it was open.

    """
    try:
        with open(path, "rb", buffering=0, opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFileError("is not a regular file")
            before = FileState.of(status)
            yield file, before
            after = FileState.of(os.stat(path))
            if after != before and not (linking and after.is_but_for_links(before)):
                raise UnreadableFileError("changed while it was read: try again")
    except OSError as exc:
        raise UnreadableFileError(exc.strerror or str(exc)) from exc


def _open_without_waiting(path: str, flags: int) -> int:
    """Open without blocking on a FIFO that took the place of the file."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def chunks(file: BinaryIO, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the rest of a file in pieces of at most `chunk_bytes` bytes: for each, so much memory is set aside."""
    while chunk := file.read(chunk_bytes):
        yield chunk
