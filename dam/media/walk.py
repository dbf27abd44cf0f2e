"""Finding the files below some paths."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dam.media.selection import EVERYTHING, Selection


class Found(NamedTuple):
    """A regular file, by absolute path."""

    path: str
    status: os.stat_result


class NotRead(NamedTuple):
    """A path that gives no file: an error, or (`skipped`) something that is rightly passed over in a folder."""

    path: str
    reason: str
    skipped: bool = False


LeaveOut = Callable[[str, os.stat_result], bool]


def walk(
    paths: Iterable[str],
    selection: Selection = EVERYTHING,
    *,
    leave_out: LeaveOut = lambda _path, _status: False,
) -> Iterator[Found | NotRead]:
    """Yield the regular files that `paths` name or contain, folders depth first and in the order of their names.

    A path that is named may be a symbolic link, and is taken whatever the selection says; in a folder, the selection
    holds, and FIFOs, sockets and devices are not opened. Where `leave_out` says so of an entry of a folder, it is
    passed over with all that is below it.
    """
    for path in paths:
        if not path:  # a shell's unset variable; the working directory is not what was meant
            yield NotRead(path, "is an empty path")
            continue
        absolute = os.path.abspath(path)
        try:
            status = os.stat(path)  # not the absolute path: an empty one, as of an unset variable, names nothing
        except (OSError, ValueError) as exc:
            yield NotRead(absolute if path else path, _reason(exc))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _Walk(absolute, status, selection, leave_out)
        elif stat.S_ISREG(status.st_mode):
            yield Found(absolute, status)
        else:
            yield NotRead(absolute, f"is {_special(status.st_mode)}, not a file")


class _Level(NamedTuple):
    """A folder that is being walked, and the entries of it that are left."""

    identity: tuple[int, int]
    entries: Iterator[os.DirEntry[str]]


class _Walk:
    """The walk of one folder."""

    def __init__(self, root: str, status: os.stat_result, selection: Selection, leave_out: LeaveOut) -> None:
        self._root = root
        self._prefix = len(root.rstrip(os.sep)) + 1
        self._status = status
        self._selection = selection
        self._leave_out = leave_out
        self._levels: list[_Level] = []

    def __iter__(self) -> Iterator[Found | NotRead]:
        first = _open(self._root, self._status)
        if isinstance(first, NotRead):
            yield first
            return
        self._levels.append(first)
        while self._levels:
            for entry in self._levels[-1].entries:
                result = self._look_at(entry)
                if isinstance(result, _Level):
                    self._levels.append(result)
                    break
                if result:
                    yield result
            else:
                self._levels.pop()

    def _look_at(self, entry: os.DirEntry[str]) -> Found | NotRead | _Level | None:
        """Return what an entry of a folder is: a file, a folder to go into, a problem, or nothing to take."""
        path = entry.path
        relative = path[self._prefix :]
        try:
            status = entry.stat(follow_symlinks=False)
            if self._selection.follow_links and stat.S_ISLNK(status.st_mode):
                status = entry.stat()
        except OSError as exc:
            return NotRead(path, _reason(exc))
        if self._leave_out(path, status):
            return None
        if stat.S_ISREG(status.st_mode):
            return Found(path, status) if self._selection.takes_file(relative, entry.name) else None
        if stat.S_ISDIR(status.st_mode):
            return self._folder(path, relative, entry.name, status)
        if self._selection.takes_file(relative, entry.name):
            return NotRead(path, f"is {_special(status.st_mode)}", skipped=True)
        return None

    def _folder(self, path: str, relative: str, name: str, status: os.stat_result) -> NotRead | _Level | None:
        if not self._selection.takes_folder(relative, name):
            return None
        if self._selection.one_file_system and status.st_dev != self._status.st_dev:
            return NotRead(path, "is on another file system", skipped=True)
        if self._selection.follow_links and any(level.identity == _identity(status) for level in self._levels):
            return NotRead(path, "is a link to a folder that it is in", skipped=True)
        return _open(path, status)


def _open(folder: str, status: os.stat_result) -> _Level | NotRead:
    try:
        with os.scandir(folder) as entries:
            return _Level(_identity(status), iter(sorted(entries, key=lambda entry: entry.name)))
    except OSError as exc:
        return NotRead(folder, _reason(exc))


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _reason(exc: OSError | ValueError) -> str:
    return getattr(exc, "strerror", None) or str(exc)


def _special(mode: int) -> str:
    names = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a block device"),
        (stat.S_ISCHR, "a character device"),
    )
    return next((name for test, name in names if test(mode)), "a special file")
