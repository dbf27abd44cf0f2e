"""Temporary files of a process: in a folder of its own, which other processes sweep after its death.

A process holds a lock on its folder for as long as it lives. A folder whose lock can be taken has lost its owner,
and goes. Where the platform has no such locks (Windows), a folder goes after a day.
"""

import contextlib
import errno
import os
import shutil
import sys
import time
from pathlib import Path
from uuid import uuid4

if sys.platform != "win32":
    import fcntl

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
STALE_AFTER = 24 * 60 * 60


class StagingArea:
    """A folder below `parent` owned by this process until it is closed."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        self._lock = None
        while self._lock is None:
            self.folder = parent / uuid4().hex
            self.folder.mkdir()
            self._lock = lock_folder(self.folder)
        self.files = self.folder / "files"  # a level of its own: the folder above keeps the time when this was made
        self.files.mkdir()

    @property
    def descriptor(self) -> int:
        """The open folder, from before anything was written in it; -1 where a folder cannot be opened."""
        return -1 if self._lock is None else self._lock

    def close(self) -> None:
        """Remove the folder with all that is in it. Idempotent."""
        if self._lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            if self._lock >= 0:
                os.close(self._lock)
            self._lock = None


def sweep(parent: Path) -> None:
    """Remove the folders of dead processes below `parent`, as far as possible."""
    with contextlib.suppress(OSError):
        for folder in parent.iterdir():
            sweep_folder(folder)


def oldest_begin(parent: Path) -> float | None:
    """Return the creation time of the oldest folder of a living process below `parent`; None if there is none."""
    begun = []
    with contextlib.suppress(OSError):
        for folder in parent.iterdir():
            with contextlib.suppress(FileNotFoundError):
                begun += [folder.stat().st_mtime] if _is_owned(folder) else []
    return min(begun, default=None)


def _is_owned(folder: Path) -> bool:
    """Tell whether the owner of a folder is alive."""
    if sys.platform == "win32":
        return time.time() - folder.stat().st_mtime <= STALE_AFTER
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def lock_folder(folder: Path) -> int | None:
    """Lock a folder and return the descriptor that holds the lock; None if another process has or swept it.

    The lock lasts until the process ends or closes the descriptor. OSError when the folder cannot be opened.
    """
    if sys.platform == "win32":
        return -1
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.exists():  # a sweeper may have removed it before it was locked
            return descriptor
    except BlockingIOError:
        pass
    except OSError as exc:
        os.close(descriptor)
        if exc.errno in NO_LOCKS:
            raise OSError(exc.errno, f"{exc.strerror}: mount the file system with locks (flock)") from exc
        raise
    os.close(descriptor)
    return None


def sweep_folder(folder: Path) -> None:
    """Remove a folder whose owner is dead."""
    if sys.platform == "win32":
        if time.time() - folder.stat().st_mtime > STALE_AFTER:
            shutil.rmtree(folder, ignore_errors=True)
        return
    lock = lock_folder(folder)
    if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
