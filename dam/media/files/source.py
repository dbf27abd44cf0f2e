"""Read a source file, and detect changes while it is read, and since."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Self

from dam.core.errors import UnreadableFileError

CHUNK_BYTES = 1024 * 1024

TICK_NS = 2_000_000_000
"""The coarsest resolution of a file system's times: 2 seconds, of FAT. Two changes within it may leave one time."""

_MAX_TIME_NS = 2**63 - 1
"""The latest time that the database holds, in the year 2262; its negative is the earliest, in 1677."""


@dataclass(frozen=True)
class FileState:
    """State of a file that changes when its content does: size in bytes, times in nanoseconds, inode number.

    All are signed 64-bit integers, as the database holds them; a time out of their range is the nearest in it.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the state in a stat result."""
        inode = status.st_ino & (2**64 - 1)
        signed = inode - 2**64 if inode >= 2**63 else inode
        return cls(status.st_size, _in_range(status.st_mtime_ns), _in_range(status.st_ctime_ns), signed)

    def is_but_for_links(self, other: "FileState") -> bool:
        """Return whether only ctime may differ, which adding or removing a hard link also sets."""
        return replace(self, ctime_ns=other.ctime_ns) == other

    def is_settled(self, read_at_ns: int) -> bool:
        """Return whether any change after `read_at_ns`, when the file had this state, gives it another state.

        A file that was changed within the tick before could be changed again and keep its times. That also holds for
        times in the future: the clock of the file system, such as a server's, may be ahead of this machine's.
        """
        return max(self.mtime_ns, self.ctime_ns) < read_at_ns - TICK_NS


def _in_range(time_ns: int) -> int:
    return min(max(time_ns, -_MAX_TIME_NS), _MAX_TIME_NS)


@contextmanager
def open_source(path: str, *, linking: bool = False) -> Iterator[tuple[BinaryIO, FileState]]:
    """Open a regular file for reading, and verify on exit that it did not change.

    With `linking`, the caller adds a hard link to the file, which does not count as a change.

    Raises:
        UnreadableFileError: the file is not a regular file, cannot be opened or read, or changed while it was open.

    """
    try:
        with open(path, "rb", buffering=0, opener=_open_nonblocking) as file:
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


def _open_nonblocking(path: str, flags: int) -> int:
    """Open without blocking, in case a FIFO has replaced the file."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def chunks(file: BinaryIO, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the rest of a file in chunks of at most `chunk_bytes` bytes. Each read allocates a buffer of that size."""
    while chunk := file.read(chunk_bytes):
        yield chunk
    if chunk is None:  # not the end: a file such as /proc/kmsg, which is opened without blocking
        raise BlockingIOError(errno.EAGAIN, "has no end: reading it would wait for data")
