"""Finding the files below some paths."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """A regular file, by absolute path."""

    path: str
    status: os.stat_result


@dataclass(frozen=True)
class NotRead:
    """A path that gives no file: an error, or (`skipped`) something that is rightly passed over in a folder."""

    path: str
    reason: str
    skipped: bool = False


LeaveOut = Callable[[str, os.stat_result], bool]


def walk(paths: Iterable[str], *, leave_out: LeaveOut = lambda _path, _status: False) -> Iterator[Found | NotRead]:
    """Yield the regular files that `paths` name or contain, folders depth first and in the order of their names.

    A path that is named may be a symbolic link; in a folder, links are not followed, and FIFOs, sockets and devices
    are not opened. Where `leave_out` says so of an entry of a folder, it is passed over with all that is below it.
    """
    for path in paths:
        if not path:  # a shell's unset variable; the working directory is not what was meant
            yield NotRead(path, "is an empty path")
            continue
        absolute = os.path.abspath(path)
        try:
            status = os.stat(absolute)
        except (OSError, ValueError) as exc:
            yield NotRead(absolute, _reason(exc))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _below(absolute, leave_out)
        elif stat.S_ISREG(status.st_mode):
            yield Found(absolute, status)
        else:
            yield NotRead(absolute, f"is {_special(status.st_mode)}, not a file")


def _below(folder: str, leave_out: LeaveOut) -> Iterator[Found | NotRead]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as exc:
        yield NotRead(folder, _reason(exc))
        return
    for entry in inside:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as exc:
            yield NotRead(entry.path, _reason(exc))
            continue
        if leave_out(entry.path, status):
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _below(entry.path, leave_out)
        elif stat.S_ISREG(status.st_mode):
            yield Found(entry.path, status)
        else:
            yield NotRead(entry.path, f"is {_special(status.st_mode)}", skipped=True)


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
