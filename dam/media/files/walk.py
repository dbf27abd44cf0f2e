"""Finding the files below some paths."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from dam.media.files.selection import EVERYTHING, Selection


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


FILE_TYPE = 0o170000
"""The bits of a mode that say what kind of file it is."""

GROUP = 1024
"""The most entries of one folder, or of one list, that are handed on at once."""


class Group(NamedTuple):
    """Some of what a walk finds: files of one folder, or (`folder` is None) files that were named themselves."""

    folder: str | None
    found: list[Found | NotRead]


def walk(
    paths: Iterable[str],
    selection: Selection = EVERYTHING,
    *,
    leave_out: LeaveOut = lambda _path, _status: False,
) -> Iterator[Found | NotRead]:
    """Yield the regular files that `paths` name or contain; see `walk_groups`."""
    groups = walk_groups(([path] for path in paths), selection, leave_out=leave_out)
    return chain.from_iterable(group.found for group in groups)


def walk_groups(
    lists: Iterable[Iterable[str]],
    selection: Selection = EVERYTHING,
    *,
    leave_out: LeaveOut = lambda _path, _status: False,
) -> Iterator[Group]:
    """Yield the regular files that the paths in `lists` name or contain, at most `GROUP` of them at once.

    The files of one folder come together, and so do those that one list names one after the other: nothing is held
    back until the next list comes. A folder's files come in the order of their names, then its folders in the order
    of theirs, depth first. A path that is named may be a symbolic link, and is taken whatever the selection says; in a
    folder, the selection holds, and FIFOs, sockets and devices are not opened. Where `leave_out` says so of an entry
    of a folder, it is passed over with all that is below it.
    """
    for paths in lists:
        named: list[Found | NotRead] = []
        for path in paths:
            found = _look_at_named(path)
            folder = found if isinstance(found, Found) and stat.S_ISDIR(found.status.st_mode) else None
            if named and (folder or len(named) >= GROUP):
                yield Group(None, named)
                named = []
            if folder:
                yield from _Walk(*folder, selection, leave_out)
            else:
                named.append(found)
        if named:
            yield Group(None, named)


def _look_at_named(path: str) -> Found | NotRead:
    """Return a path that is named: a file or a folder, or why it is neither."""
    if not path:  # a shell's unset variable; the working directory is not what was meant
        return NotRead(path, "is an empty path")
    absolute = os.path.abspath(path)
    try:
        status = os.stat(absolute)
    except (OSError, ValueError) as exc:
        return NotRead(absolute, _reason(exc))
    if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode):
        return Found(absolute, status)
    return NotRead(absolute, f"is {_special(status.st_mode)}, not a file")


class _Folder(NamedTuple):
    """A folder to go into, and the identities of those that it is in."""

    path: str
    status: os.stat_result
    above: frozenset[tuple[int, int]]


class _Walk:
    """The walk of one named folder."""

    def __init__(self, root: str, status: os.stat_result, selection: Selection, leave_out: LeaveOut) -> None:
        self._prefix = len(root.rstrip(os.sep)) + 1
        self._device = status.st_dev
        self._selection = selection
        self._takes_all = selection == EVERYTHING
        self._leave_out = leave_out
        self._left = [_Folder(root, status, frozenset())]

    def __iter__(self) -> Iterator[Group]:
        while self._left:
            folder = self._left.pop()
            try:
                names = sorted(os.listdir(folder.path))
            except OSError as exc:
                yield Group(folder.path, [NotRead(folder.path, _reason(exc))])
                continue
            inside: list[_Folder] = []
            for first in range(0, len(names), GROUP):
                if found := self._look_at(folder, names[first : first + GROUP], inside):
                    yield Group(folder.path, found)
            self._left += reversed(inside)

    def _look_at(self, folder: _Folder, names: list[str], inside: list[_Folder]) -> list[Found | NotRead]:
        """Return what some entries of a folder are; folders to go into are added to `inside`."""
        prefix = folder.path if folder.path.endswith(os.sep) else folder.path + os.sep
        found: list[Found | NotRead] = []
        # A rescan of what has not changed is made of this loop: what is looked up in it is looked up before.
        lstat, leave_out, takes_file = os.lstat, self._leave_out, self._selection.takes_file
        takes_all, follow_links = self._takes_all, self._selection.follow_links
        for name in names:
            path = prefix + name
            try:
                status = lstat(path)
                if follow_links and stat.S_ISLNK(status.st_mode):
                    status = os.stat(path)
            except OSError as exc:
                found.append(NotRead(path, _reason(exc)))
                continue
            if leave_out(path, status):
                continue
            kind = status.st_mode & FILE_TYPE
            if kind == stat.S_IFDIR:
                self._enter(_Folder(path, status, folder.above), folder, inside, found)
            elif takes_all or takes_file(path[self._prefix :], name):
                if kind == stat.S_IFREG:
                    found.append(Found(path, status))
                else:
                    found.append(NotRead(path, f"is {_special(status.st_mode)}", skipped=True))
        return found

    def _enter(self, folder: _Folder, parent: _Folder, inside: list[_Folder], found: list[Found | NotRead]) -> None:
        path, status = folder.path, folder.status
        if not self._selection.takes_folder(path[self._prefix :], os.path.basename(path)):
            return
        if self._selection.one_file_system and status.st_dev != self._device:
            found.append(NotRead(path, "is on another file system", skipped=True))
        elif not self._selection.follow_links:
            inside.append(folder)
        elif _identity(status) in (above := parent.above | {_identity(parent.status)}):
            found.append(NotRead(path, "is a link to a folder that it is in", skipped=True))
        else:
            inside.append(folder._replace(above=above))


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
