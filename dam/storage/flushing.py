"""Making files and folders durable: one by one, or a whole file system at once."""

import ctypes
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any


def flush(path: str | Path) -> None:
    """Make a file's content, or the entries of a folder, durable; OSError when the device fails."""
    if os.name == "nt" and os.path.isdir(path):  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_file_system(path: Path) -> bool:
    """Make everything durable that was written to the file system of `path`; False where there is no such call.

    That is syncfs(2), which tells of write errors since Linux 5.8. OSError when the device fails.
    """
    library = _c_library()
    if library is None:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if library.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
    return True


@cache
def _c_library() -> Any:
    """Return the C library where its syncfs tells of errors."""
    if sys.platform != "linux" or tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (5, 8):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "syncfs") else None
