"""Files and folders that survive a power cut."""

import contextlib
import os
from pathlib import Path

ANY_MODE = 0o777
"""The mode of a folder of which the umask of the process decides who may read it."""


def flush(path: str | Path) -> None:
    """Make a file's content, or the entries of a folder, durable; OSError if the device fails."""
    if os.name == "nt" and os.path.isdir(path):  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = ANY_MODE) -> None:
    """Make a folder and its missing parents, and make their entries durable.

    `mode` is that of the folder itself. OSError when one cannot be made.
    """
    try:
        _make(folder, mode)
    except FileNotFoundError:
        make_folder(folder.parent)
        _make(folder, mode)
    with contextlib.suppress(PermissionError):  # a folder can be writable but not readable
        flush(folder.parent)  # also if the folder existed: the process that made it may have been killed


def _make(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        if mode != ANY_MODE:  # the umask of the process may have taken a bit from the group
            folder.chmod(folder.stat().st_mode & 0o7000 | mode)
