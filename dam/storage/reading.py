"""Open blobs, and files that may have the content of one: no link is followed, no pipe waited for."""

import os
from typing import BinaryIO

from dam.core.errors import StoreError, UnreadableFileError
from dam.storage import flaw
from dam.storage.blob_store import BlobStore


def open_blob(store: BlobStore, key: str) -> BinaryIO:
    """Open a blob. Reading it may raise an OSError.

    Raises:
        UnreadableFileError: there is none, it cannot be opened, or it is no regular file.

    """
    try:
        return store.open(key)
    except StoreError as exc:
        raise UnreadableFileError(str(exc)) from exc


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file that is not behind a link.

    Raises:
        UnreadableFileError: it cannot be opened, or is something else.

    """
    try:
        return open(flaw.open_regular(os.fspath(path)), "rb", buffering=0)
    except OSError as exc:
        raise UnreadableFileError(f"{path}: {exc.strerror or exc}") from exc


def past_the_cache(file: BinaryIO) -> None:
    """Let a file be read from the device, as far as that can be asked for."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
