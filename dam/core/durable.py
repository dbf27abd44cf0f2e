"""Files and folders that survive a power cut."""

import contextlib
import os
from pathlib import Path


def flush(path: str | Path) -> None:
    """Make a file's content, or the entries of a folder, durable; OSError if the device fails."""
    if os.name == "nt" and os.path.isdir(path):  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and its missing parents, and make their entries durable.

    `mode` is that of the folder itself. OSError when one cannot be made.
    """
    try:
        folder.mkdir(mode, exist_ok=True)
    except FileNotFoundError:
        make_folder(folder.parent)
        folder.mkdir(mode, exist_ok=True)
    with contextlib.suppress(PermissionError):  # a folder can be writable but not readable
        flush(folder.parent)  # also if the folder existed: the process that made it may have been killed
