"""Find the files at and below some paths."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from dam.media.files.selection import EVERYTHING, Selection


class FoundFile(NamedTuple):
    """A regular file that a walk found, by absolute path."""

    path: str
    status: os.stat_result


class UnreadPath(NamedTuple):
    """A path without a readable file: an error, or (with `skipped`) an entry that a walk ignores."""

    path: str
    reason: str
    skipped: bool = False


Exclude = Callable[[str, os.stat_result], bool]
"""Predicate on the absolute path and the status of an entry: whether to exclude it."""

FILE_TYPE = 0o170000
"""Mask of the file type in a mode (`S_IFMT`)."""

MAX_BATCH = 1024
"""Maximum number of entries in a `WalkBatch`."""


class WalkBatch(NamedTuple):
    """A batch of a walk's results: files of one folder, or (`folder` is None) files that the caller named."""

    folder: str | None
    entries: list[FoundFile | UnreadPath]


def walk(
    paths: Iterable[str],
    selection: Selection = EVERYTHING,
    *,
    exclude: Exclude = lambda _path, _status: False,
) -> Iterator[FoundFile | UnreadPath]:
    """Yield the regular files at and below `paths`; see `walk_batches`.

    Raises:
        UsageError: a pattern of the selection is invalid.

    """
    batches = walk_batches(([path] for path in paths), selection, exclude=exclude)
    return chain.from_iterable(batch.entries for batch in batches)


def walk_batches(
    lists: Iterable[Iterable[str]],
    selection: Selection = EVERYTHING,
    *,
    exclude: Exclude = lambda _path, _status: False,
) -> Iterator[WalkBatch]:
    """Yield the regular files at and below the paths in `lists`, in batches of at most `MAX_BATCH` entries.

    A batch holds files of one folder, or consecutive named files of one list; the end of a list ends its batch, so
    that a slow producer of lists delays nothing. The order is depth-first: the files of a folder by name, then its
    subfolders by name. A named path is always included, and may be a symbolic link. The selection applies to the
    entries of folders; FIFOs, sockets and devices are not opened. `exclude` excludes an entry of a folder and
    everything below it.

    Raises:
        UsageError: a pattern of the selection is invalid.

    """
    for paths in lists:
        named: list[FoundFile | UnreadPath] = []
        for path in paths:
            found = _examine_named(path)
            folder = found if isinstance(found, FoundFile) and stat.S_ISDIR(found.status.st_mode) else None
            if named and (folder or len(named) >= MAX_BATCH):
                yield WalkBatch(None, named)
                named = []
            if folder:
                yield from _Walk(*folder, selection, exclude)
            else:
                named.append(found)
        if named:
            yield WalkBatch(None, named)


def _examine_named(path: str) -> FoundFile | UnreadPath:
    """Return the file or folder at a named path, or why there is neither."""
    if not path:  # such as an unset shell variable, which must not stand for the working directory
        return UnreadPath(path, "is an empty path")
    absolute = os.path.abspath(path)
    try:
        status = os.stat(absolute)
    except (OSError, ValueError) as exc:
        return UnreadPath(absolute, _reason(exc))
    if stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode):
        return FoundFile(absolute, status)
    return UnreadPath(absolute, f"is {_special(status.st_mode)}, not a file")


class _Folder(NamedTuple):
    """A folder to descend into, and the identities of its ancestors."""

    path: str
    status: os.stat_result
    ancestors: frozenset[tuple[int, int]]


class _Walk:
    """The walk of one named folder."""

    def __init__(self, root: str, status: os.stat_result, selection: Selection, exclude: Exclude) -> None:
        self._prefix = len(root.rstrip(os.sep)) + 1
        self._device = status.st_dev
        self._selection = selection
        self._takes_all = selection == EVERYTHING
        self._leave_out = exclude
        self._stack = [_Folder(root, status, frozenset())]

    def __iter__(self) -> Iterator[WalkBatch]:
        while self._stack:
            folder = self._stack.pop()
            try:
                names = sorted(os.listdir(folder.path))
            except OSError as exc:
                yield WalkBatch(folder.path, [UnreadPath(folder.path, _reason(exc))])
                continue
            subfolders: list[_Folder] = []
            for first in range(0, len(names), MAX_BATCH):
                if found := self._examine(folder, names[first : first + MAX_BATCH], subfolders):
                    yield WalkBatch(folder.path, found)
            self._stack += reversed(subfolders)

    def _examine(self, folder: _Folder, names: list[str], subfolders: list[_Folder]) -> list[FoundFile | UnreadPath]:
        """Return the files among some entries of a folder; append the folders to descend into to `subfolders`."""
        prefix = folder.path if folder.path.endswith(os.sep) else folder.path + os.sep
        found: list[FoundFile | UnreadPath] = []
        # A rescan of unchanged folders spends its time in this loop, so attributes are looked up before it
        lstat, exclude, takes_file = os.lstat, self._leave_out, self._selection.takes_file
        takes_all, follow_links = self._takes_all, self._selection.follow_links
        for name in names:
            path = prefix + name
            try:
                status = lstat(path)
                if follow_links and stat.S_ISLNK(status.st_mode):
                    status = os.stat(path)
            except OSError as exc:
                found.append(UnreadPath(path, _reason(exc)))
                continue
            if exclude(path, status):
                continue
            kind = status.st_mode & FILE_TYPE
            if kind == stat.S_IFDIR:
                self._enter(_Folder(path, status, folder.ancestors), folder, subfolders, found)
            elif takes_all or takes_file(path[self._prefix :], name):
                if kind == stat.S_IFREG:
                    found.append(FoundFile(path, status))
                else:
                    found.append(UnreadPath(path, f"is {_special(status.st_mode)}", skipped=True))
        return found

    def _enter(
        self, folder: _Folder, parent: _Folder, subfolders: list[_Folder], found: list[FoundFile | UnreadPath]
    ) -> None:
        """Append a folder to `subfolders` if the selection includes it; detect loops of symbolic links."""
        path, status = folder.path, folder.status
        if not self._selection.takes_folder(path[self._prefix :], os.path.basename(path)):
            return
        if self._selection.one_file_system and status.st_dev != self._device:
            found.append(UnreadPath(path, "is on another file system", skipped=True))
        elif not self._selection.follow_links:
            subfolders.append(folder)
        elif _identity(status) in (ancestors := parent.ancestors | {_identity(parent.status)}):
            found.append(UnreadPath(path, "is a link to a folder that contains it", skipped=True))
        else:
            subfolders.append(folder._replace(ancestors=ancestors))


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
