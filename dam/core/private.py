"""Make files and folders that only their user can read, or also a group: as a umask says.

The umask of the process is not asked: it is for what the user writes, and mostly lets everybody read.
"""

import os

PRIVATE = 0o077
"""The umask that leaves nothing to others."""


def folder_mode(umask: int) -> int:
    """Return the mode of a folder."""
    return 0o777 & ~umask


def file_mode(umask: int) -> int:
    """Return the mode of a file that is written to."""
    return 0o666 & ~umask


def blob_mode(umask: int) -> int:
    """Return the mode of a file that nobody writes to any more."""
    return 0o444 & ~umask


def make_folder(folder: str, umask: int) -> None:
    """Make a folder; FileExistsError if it is there, OSError if that is impossible."""
    mode = folder_mode(umask)
    os.mkdir(folder, mode)
    status = os.stat(folder)
    if status.st_mode & 0o777 != mode:  # the umask of the process has taken a bit from the group
        os.chmod(folder, status.st_mode & 0o7000 | mode)


def make_folders(folder: str, umask: int) -> None:
    """Make a folder and its missing parents; OSError if that is impossible."""
    try:
        make_folder(folder, umask)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise
    except FileNotFoundError:
        make_folders(os.path.dirname(folder), umask)
        make_folders(folder, umask)


def make_file(path: str, umask: int) -> None:
    """Make an empty file; FileExistsError if it is there, OSError if that is impossible."""
    mode = file_mode(umask)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    if os.stat(path).st_mode & 0o777 != mode:
        os.chmod(path, mode)
