"""Open blobs for reading, believing nothing: no link is followed, no pipe waited for."""

import os
import stat
from typing import BinaryIO

from dam.core.errors import StoreError, UnreadableFileError
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_blob(store: BlobStore, key: str) -> BinaryIO:
    """Open a blob. Reading it may raise an OSError.

    Raises:
        UnreadableFileError: there is none, it cannot be opened, or it is no regular file.

    """
    try:
        return open_regular(store.place(key)) if isinstance(store, LocalBlobStore) else store.open(key)
    except StoreError as exc:
        raise UnreadableFileError(str(exc)) from exc


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file that is not behind a link.

    Raises:
        UnreadableFileError: it cannot be opened, or is something else.

    """
    try:
        file = open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, _FLAGS))  # noqa: SIM115  returned open
    except OSError as exc:
        raise UnreadableFileError(f"{path}: {exc.strerror}") from exc
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableFileError(f"{path} is not a regular file")
    return file


def past_the_cache(file: BinaryIO) -> None:
    """Let a file be read from the device, as far as that can be asked for."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
