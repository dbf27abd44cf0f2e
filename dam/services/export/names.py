"""Legal names for files and folders, and which of them an export has given."""

import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from os.path import splitext

MAX_BYTES = 255
"""Maximum length of a name on most file systems."""

_FORBIDDEN = re.compile(r'[<>:"\\|?*%]')
_ODD = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_NOT_OURS = re.compile(r"\.dam-export$", re.IGNORECASE)


def legal_name(name: str, *, strict: bool, max_bytes: int = MAX_BYTES) -> str:
    """Return a name that a folder can have, and that leads nowhere else.

    `strict`: one that is also legal on Windows and in the manifest of a bag: in Unicode normal form NFC, without
    control characters and percent signs.
    """
    name = name.replace("/", "_").replace("\0", "_")
    if strict:
        name = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", name))
        name = "".join("_" if unicodedata.category(each) in _ODD else each for each in name)
        name = name.strip().rstrip(". ")
        name = f"_{name}" if _DEVICES.fullmatch(name) else name
    if name in ("", ".", "..") or _NOT_OURS.match(name):
        name = f"_{name}"
    return fit(name, "", max_bytes)


def fit(name: str, suffix: str, max_bytes: int = MAX_BYTES) -> str:
    """Return a name with a suffix before its extension, shortened to at most `max_bytes` bytes."""
    stem, extension = splitext(name)
    if len(os.fsencode(extension)) > max_bytes // 2:
        stem, extension = name, ""
    room = max_bytes - len(os.fsencode(suffix + extension))
    return f"{_cut(stem, room)}{suffix}{extension}"


def _cut(text: str, max_bytes: int) -> str:
    if len(os.fsencode(text)) <= max_bytes:
        return text
    while len(os.fsencode(text)) > max_bytes:
        text = text[:-1]
    return text.rstrip(". ") or "_"


def candidates(parts: Sequence[str], sha256: str, max_bytes: int) -> Iterator[str]:
    """Yield the paths that a file can have, best first: its name, then with digits of its SHA-256."""
    *folders, name = parts
    for digits in (0, 8, 64):
        suffix = f"-{sha256[:digits]}" if digits else ""
        yield "/".join([*folders, fit(name, suffix, max_bytes)])


class GivenNames:
    """The paths that an export has given to files, in a temporary database: memory does not grow with their number.

    With `ignore_case`, names that differ in case only are the same.
    """

    def __init__(self, *, ignore_case: bool) -> None:
        self._ignore_case = ignore_case
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE given (name BLOB PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        """Remove the database."""
        self._database.close()

    def claim(self, path: str) -> bool:
        """Give a path to a file; return False if another one has it."""
        return self._database.execute("INSERT OR IGNORE INTO given VALUES (?)", (self._key(path),)).rowcount > 0

    def __contains__(self, path: str) -> bool:
        """Return whether a path was given."""
        found = self._database.execute("SELECT 1 FROM given WHERE name = ?", (self._key(path),)).fetchone()
        return found is not None

    def _key(self, path: str) -> bytes:
        if self._ignore_case:
            path = unicodedata.normalize("NFC", path).casefold()
        return os.fsencode(path)
