"""What is in the folder of a local store: the state of a blob's place, and everything that is no blob at its place."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dam.storage.blob_store import is_key
from dam.storage.local_staging import naming

OWN_FOLDERS = frozenset({"tmp", "links", "thumbnails", "manifest", "lost+found"})
"""Folders at the root that are not looked into: those of dam, and that of the file system."""
OWN_PREFIX = "dam-"
"""Files at the root whose names begin so are dam's: the marker, locks."""
QUARANTINE = "quarantine"

_SPECIAL = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISCHR, "a character device"),
)
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class PlaceState:
    """What is at a blob's place. `special` names what is no regular file, such as `a FIFO`."""

    special: str | None
    size: int
    is_writable: bool
    links: int
    """The number of names of the file, its hard links."""


class StrayKind(StrEnum):
    """Kinds of entries in a store that are no blob at its place."""

    MISPLACED = "misplaced"
    """A regular file with the name of a blob in another folder."""
    JUNK = "junk"
    """Anything that dam did not put there."""
    QUARANTINED = "quarantined"
    """A damaged blob that was set aside."""
    UNREADABLE = "unreadable"
    """A folder that cannot be listed; `reason` says why."""


@dataclass(frozen=True)
class Stray:
    """An entry of a store that is no blob at its place. `key` is what its name says."""

    kind: StrayKind
    path: Path
    key: str | None = None
    reason: str | None = None


def place_state(path: str | os.PathLike[str]) -> PlaceState | None:
    """Return what is at a path, without following a link or opening anything; None if there is nothing.

    Raises:
        StoreError: that cannot be told, as when the device fails.

    """
    with naming(path):
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
    special = None
    if not stat.S_ISREG(status.st_mode):
        special = next((name for test, name in _SPECIAL if test(status.st_mode)), "a special file")
    return PlaceState(special, status.st_size, bool(status.st_mode & WRITABLE), status.st_nlink)


def entries(root: Path) -> Iterator[str | Stray]:
    """Yield the key of each entry at a blob's place, and everything else in the store, folder by folder."""
    for entry in _listed(root):
        if isinstance(entry, Stray):
            yield entry
        elif entry.name in OWN_FOLDERS or entry.name.startswith(OWN_PREFIX):
            continue
        elif entry.name == QUARANTINE:
            yield from _quarantined(Path(entry.path))
        elif _is_fan_out(entry):
            yield from _upper(Path(entry.path))
        else:
            yield from _foreign(entry)


def _upper(folder: Path) -> Iterator[str | Stray]:
    for entry in _listed(folder):
        if isinstance(entry, Stray):
            yield entry
        elif _is_fan_out(entry):
            yield from _lower(Path(entry.path), folder.name + entry.name)
        else:
            yield from _foreign(entry)


def _lower(folder: Path, digits: str) -> Iterator[str | Stray]:
    for entry in _listed(folder):
        if isinstance(entry, Stray):
            yield entry
        elif is_key(entry.name) and entry.name.startswith(digits):
            yield entry.name
        else:
            yield from _foreign(entry)


def _foreign(entry: "os.DirEntry[str]") -> Iterator[Stray]:
    """Yield an entry that does not belong where it is, and the blobs in it, if it is a folder."""
    path = Path(entry.path)
    if is_key(entry.name) and entry.is_file(follow_symlinks=False):
        yield Stray(StrayKind.MISPLACED, path, entry.name)
        return
    yield Stray(StrayKind.JUNK, path)
    if entry.is_dir(follow_symlinks=False):
        for folder, _, names in os.walk(path):
            yield from (Stray(StrayKind.MISPLACED, Path(folder, name), name) for name in sorted(names) if is_key(name))


def _quarantined(folder: Path) -> Iterator[Stray]:
    for entry in _listed(folder):
        if isinstance(entry, Stray):
            yield entry
        else:
            key = entry.name.partition(".")[0]
            yield Stray(StrayKind.QUARANTINED, Path(entry.path), key if is_key(key) else None)


def _is_fan_out(entry: "os.DirEntry[str]") -> bool:
    """Tell whether an entry is a folder of two digits; it may be a link to one, as on another disk."""
    return len(entry.name) == len("ab") and set(entry.name) <= set("0123456789abcdef") and entry.is_dir()


def _listed(folder: Path) -> "Iterator[os.DirEntry[str] | Stray]":
    """Yield the entries of a folder by name, or that it cannot be listed."""
    try:
        with os.scandir(folder) as found:
            listed = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as exc:
        yield Stray(StrayKind.UNREADABLE, folder, reason=exc.strerror)
        return
    yield from listed
