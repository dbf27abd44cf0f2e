"""Temporary files of a local store: written, or sharing the bytes of their source."""

import errno
import os
import sys
from contextlib import suppress
from typing import BinaryIO

from dam.core.errors import CannotShareError, FileTooLargeError, StoreError
from dam.core.private import PRIVATE, blob_mode
from dam.storage.modes import Mode

FLUSH_ALONE_BYTES = 1024 * 1024
"""The writer flushes larger temporary files itself; smaller ones share a flush when they are published."""

_FICLONE = 0x40049409
"""The number of the ioctl that shares the extents of a file: ioctl_ficlone(2)."""


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

_CLOSED = -1

TOO_LARGE = "is too large for the file system of the store, or for a limit (ulimit -f)"


class naming:  # noqa: N801  it reads as what it does, and a small file enters it ten times: no generator
    """Translate an OSError into a StoreError that names the path."""

    __slots__ = ("_path",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, exc: BaseException | None, _trace: object) -> None:
        if isinstance(exc, OSError):
            if exc.errno == errno.EFBIG:
                raise FileTooLargeError(TOO_LARGE) from exc
            raise StoreError(f"the store at {self._path}: {exc.strerror or exc}") from exc


class LocalStagedBlob:
    """A temporary file of the store. Once finished it can be handed to another process.

    Small files are what an ingest has most of: paths are text here and files are descriptors, for speed.
    """

    def __init__(
        self, path: str, umask: int = PRIVATE, *, shared_bytes: int | None = None, is_linked: bool = False
    ) -> None:
        self.path = path
        self._umask = umask
        self.size = shared_bytes or 0
        self.is_linked = is_linked
        self.healed: str | None = None
        self.is_shared: bool | None = shared_bytes is not None
        self.is_durable = False
        self._descriptor = _CLOSED
        if shared_bytes is None:
            with naming(path):
                self._descriptor = os.open(path, _NEW_FILE, 0o600)

    def write(self, data: bytes) -> None:
        """Append `data`."""
        rest = memoryview(data)
        with naming(self.path):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        self.size += len(data)

    def open(self) -> BinaryIO:
        """Open the temporary file for reading."""
        return open(self.path, "rb")

    def finish(self) -> None:
        """Make the file read-only and close it; make a large one durable now, while others are still being read."""
        if self._descriptor == _CLOSED:
            return
        with naming(self.path):
            try:
                if self.size >= FLUSH_ALONE_BYTES:
                    os.fsync(self._descriptor)
                    self.is_durable = True
                os.chmod(self.path, blob_mode(self._umask))
            finally:
                self._close()

    def discard(self) -> None:
        """Remove the temporary file."""
        self._close()
        self.is_shared = None
        with suppress(FileNotFoundError):
            os.unlink(self.path)

    def _close(self) -> None:
        if self._descriptor != _CLOSED:
            descriptor, self._descriptor = self._descriptor, _CLOSED
            os.close(descriptor)


def share(source: str, target: str, mode: Mode, umask: int = PRIVATE) -> LocalStagedBlob:
    """Make a temporary file that shares the bytes of a source: a reflink, or a hard link.

    A hard link keeps the mode of the source, which is the same file; the folders above it protect it.

    Raises:
        CannotShareError: the file system cannot do that with this file.

    """
    try:
        if mode is Mode.HARDLINK:
            os.link(os.path.realpath(source), target)  # of a symbolic link, the file that it stands for
        else:
            _reflink(source, target)
            os.chmod(target, blob_mode(umask))
        size = os.stat(target).st_size
    except OSError as exc:
        with suppress(FileNotFoundError):
            os.unlink(target)
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"the store at {target}: {exc.strerror}") from exc
        raise CannotShareError(
            f"cannot come into the store as a {mode.value} ({exc.strerror}): use --mode copy, or auto"
        ) from exc
    return LocalStagedBlob(target, umask, shared_bytes=size, is_linked=mode is Mode.HARDLINK)


def _reflink(source: str, target: str) -> None:
    with open(source, "rb") as original, os.fdopen(os.open(target, _NEW_FILE, 0o600), "wb") as clone:
        clone_bytes(original, clone)


def clone_bytes(original: BinaryIO, clone: BinaryIO) -> None:
    """Let an empty file share the bytes of another one (reflink); OSError where that is impossible."""
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    import fcntl  # noqa: PLC0415  not on Windows

    fcntl.ioctl(clone.fileno(), _FICLONE, original.fileno())
