"""Flushing a whole file system at once."""

import ctypes
import os
import sys
from functools import cache
from typing import Any


def flush_file_system(descriptor: int) -> bool:
    """Make everything durable that was written to the file system of an open folder; False where no call does that.

    That is syncfs(2), which tells of write errors since Linux 5.8: of those since the folder was opened, so it is to
    be opened before anything is written. OSError when the device fails.
    """
    library = _c_library()
    if library is None:
        return False
    if library.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


@cache
def _c_library() -> Any:
    """Return the C library where its syncfs tells of errors."""
    if sys.platform != "linux" or tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (5, 8):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "syncfs") else None
