"""Flush a whole file system."""

import ctypes
import os
import sys
from functools import cache
from typing import Any


def flush_file_system(descriptor: int) -> bool:
    """Flush the file system of an open folder with syncfs(2); return False if that is not available.

    Since Linux 5.8, syncfs reports write errors since the folder was opened, so open it before the first write.

    Raises:
        OSError: the device fails.


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
    """Return the C library if its syncfs reports errors, or None."""
    if sys.platform != "linux" or tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) < (5, 8):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "syncfs") else None
