"""Find and close what others can read of a library: the modes of its files and folders."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from dam.core.config import Settings
from dam.core.private import blob_mode, file_mode, folder_mode
from dam.storage.local import TEMPORARY

SUFFIXES = ("", "-journal", "-wal", "-shm")


@dataclass(frozen=True)
class Exposed:
    """A file or folder that more users can read or write than `DAM_UMASK` lets."""

    path: str
    mode: int
    wanted: int


def exposed(settings: Settings) -> list[Exposed]:
    """Return what of a library is open to others: its database, or the folder of its store.

    What is in the store is behind its folder.
    """
    return list(_exposed(settings))


def make_private(settings: Settings) -> list[Exposed]:
    """Give the database and the store the modes that `DAM_UMASK` wants; return what is still exposed.

    Where the store's folder has another mode, all that is in it is changed, and the folder last.
    """
    for path, wanted in _parts(settings):
        with suppress(OSError):
            mode = os.stat(path).st_mode
            if stat.S_IMODE(mode) & 0o777 == wanted:
                continue
            if stat.S_ISDIR(mode):
                _change_below(path, settings.umask)
            os.chmod(path, mode & 0o7000 | wanted)
    return exposed(settings)


def _parts(settings: Settings) -> Iterator[tuple[str, int]]:
    """Yield the files of the database and the folder of the store, each with the mode that it should have."""
    if settings.sqlite_path:
        yield from ((f"{settings.sqlite_path}{suffix}", file_mode(settings.umask)) for suffix in SUFFIXES)
    yield str(settings.ASSET_STORAGE_PATH), folder_mode(settings.umask)


def _exposed(settings: Settings) -> Iterator[Exposed]:
    for path, wanted in _parts(settings):
        with suppress(OSError):
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if os.name != "nt" and mode & settings.umask:
                yield Exposed(path, mode, wanted)


def _change_below(store: str, umask: int) -> None:
    """Change the modes in a store. What has another name is not the store's alone: a hard link keeps its mode."""
    for folder, folders, names in os.walk(store):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            with suppress(OSError):
                status = os.lstat(path)
                if stat.S_ISDIR(status.st_mode):
                    os.chmod(path, status.st_mode & 0o7000 | folder_mode(umask))
                elif stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                    os.chmod(path, _file_mode(status.st_mode, umask))
        if folder == store and TEMPORARY in folders:
            folders.remove(TEMPORARY)  # a process may be writing there; what it writes has the right mode


def _file_mode(mode: int, umask: int) -> int:
    return file_mode(umask) if mode & stat.S_IWUSR else blob_mode(umask)
