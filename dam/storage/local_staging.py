"""Temporary files of a local store: written, or sharing the bytes of their source."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import CannotShareError, StoreError
from dam.storage.modes import Mode

FLUSH_ALONE_BYTES = 1024 * 1024
"""Larger temporary files are flushed by whoever wrote them; smaller ones share a flush when they are published."""

_FICLONE = 0x40049409
"""The number of the ioctl that shares the extents of a file: ioctl_ficlone(2)."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an error of the system into one that names the path in the store."""
    try:
        yield
    except OSError as exc:
        raise StoreError(f"the store at {path}: {exc.strerror or exc}") from exc


class LocalStagedBlob:
    """A temporary file of the store. Once finished it can be handed to another process."""

    def __init__(self, path: Path, *, shared_bytes: int | None = None) -> None:
        self.path = path
        self.size = shared_bytes or 0
        self.is_shared: bool | None = shared_bytes is not None
        self.is_durable = False
        self._file: BinaryIO | None = None
        if shared_bytes is None:
            with naming(path):
                self._file = path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Append `data`."""
        assert self._file  # noqa: S101  it is not finished
        with naming(self.path):
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        self.size += len(data)

    def open(self) -> BinaryIO:
        """Open the temporary file for reading."""
        return self.path.open("rb")

    def finish(self) -> None:
        """Make the file read-only and close it; make a large one durable now, while others are still being read."""
        if self._file is None:
            return
        with naming(self.path), self._file:
            if self.size >= FLUSH_ALONE_BYTES:
                os.fsync(self._file.fileno())
                self.is_durable = True
            self.path.chmod(0o444)
        self._file = None

    def discard(self) -> None:
        """Remove the temporary file."""
        if self._file:
            self._file.close()
            self._file = None
        self.is_shared = None
        self.path.unlink(missing_ok=True)


def share(source: str, target: Path, mode: Mode) -> LocalStagedBlob:
    """Make a temporary file that shares the bytes of a source: a reflink, or a hard link.

    Raises:
        CannotShareError: the file system cannot do that with this file.

    """
    try:
        if mode is Mode.HARDLINK:
            os.link(os.path.realpath(source), target)  # of a symbolic link, the file that it stands for
        else:
            _reflink(source, target)
            target.chmod(0o444)
    except OSError as exc:
        target.unlink(missing_ok=True)
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"the store at {target}: {exc.strerror}") from exc
        raise CannotShareError(
            f"{source} cannot come into the store as a {mode.value} ({exc.strerror}): use --mode copy, or auto"
        ) from exc
    return LocalStagedBlob(target, shared_bytes=target.stat().st_size)


def _reflink(source: str, target: Path) -> None:
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    import fcntl  # noqa: PLC0415  not on Windows

    with open(source, "rb") as original, target.open("xb") as clone:
        fcntl.ioctl(clone.fileno(), _FICLONE, original.fileno())
