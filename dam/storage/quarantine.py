"""The quarantine of a local store: what was damaged is set aside, never unlinked, since it may be the last copy."""

import os
import stat
from itertools import count
from pathlib import Path

from dam.core.durable import flush
from dam.storage.local_layout import QUARANTINE
from dam.storage.local_staging import naming


def set_aside(root: Path, damaged: Path) -> Path:
    """Move whatever is at a path of the store to the quarantine, durably; return its new path.

    Raises:
        StoreError: it cannot be moved.

    """
    folder = root / QUARANTINE
    with naming(damaged):
        folder.mkdir(mode=0o700, exist_ok=True)
        target = _reserved(folder, damaged.name, is_folder=stat.S_ISDIR(os.lstat(damaged).st_mode))
        try:
            os.replace(damaged, target)
        except OSError:
            (os.rmdir if target.is_dir() else os.unlink)(target)
            raise
        flush(folder)
        flush(damaged.parent)
    return target


def keep_aside(root: Path, damaged: Path) -> None:
    """Give what is at a path of the store another name in the quarantine, durably, until a sound file takes the path.

    So there is no moment without either. That needs hard links; what is no file, or cannot be linked, is moved there.

    Raises:
        StoreError: it cannot be moved.

    """
    folder = root / QUARANTINE
    for number in count(1) if stat.S_ISREG(os.lstat(damaged).st_mode) else ():
        target = folder / f"{damaged.name}.{number}"
        try:
            os.link(damaged, target)
        except FileExistsError:
            continue
        except OSError:
            break
        flush(folder)
        return
    set_aside(root, damaged)


def put_back(aside: Path, place: Path) -> None:
    """Move a file from the quarantine back to its place, unless there is something by now; durably.

    Raises:
        StoreError: it cannot be moved.

    """
    with naming(place):
        if os.path.lexists(place):
            return
        os.rename(aside, place)
        flush(place.parent)
        flush(aside.parent)


def _reserved(folder: Path, name: str, *, is_folder: bool) -> Path:
    """Make an empty entry for the rename to replace: two processes never take the same number."""
    for number in count(1):
        target = folder / f"{name}.{number}"
        try:
            if is_folder:
                target.mkdir()
            else:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return target
    raise AssertionError("the numbers never end")
