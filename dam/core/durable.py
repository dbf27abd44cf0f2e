"""Files and folders that outlast a power cut."""

import contextlib
import os
from pathlib import Path


def flush(path: str | Path) -> None:
    """Make a file's content, or the entries of a folder, durable; OSError when the device fails."""
    if os.name == "nt" and os.path.isdir(path):  # a folder cannot be opened there
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those that it is in, as far as they are missing, and make their entries durable.

    `mode` is that of the folder itself. OSError when one cannot be made.
    """
    try:
        folder.mkdir(mode, exist_ok=True)
    except FileNotFoundError:
        make_folder(folder.parent)
        folder.mkdir(mode, exist_ok=True)
    with contextlib.suppress(PermissionError):  # one may write into a folder that one may not read
        flush(folder.parent)  # also of a folder that was there: whoever made it may have been killed before
