"""The files of the library itself, which an ingest leaves out by whatever path they are reached."""

import os
from functools import lru_cache
from pathlib import Path

from dam.services.library import Library
from dam.storage.blob_store import is_key

KEY_LENGTH = 64
"""Length of a blob's name."""


class OwnFiles:
    """Recognises the library's own files by device and inode number: a mount or a link leads to them by other paths."""

    def __init__(self, library: Library) -> None:
        self._store = library.store
        is_file = library.engine.dialect.name == "sqlite"  # for other databases, the name is not a path
        database = (library.engine.url.database or "") if is_file else ""
        self._journals = {f"{os.path.abspath(database)}-{ending}" for ending in ("journal", "wal", "shm")}
        root = library.store.root
        parts = [str(root), *(str(root / name) for name in _names(root))] if root else []
        self._identities = {_identity(path) for path in (database, *parts)} - {None}
        self._is_below = lru_cache(self._has_own_ancestor)

    def include(self, path: str, status: os.stat_result) -> bool:
        """Return whether an entry of a folder is the library's."""
        if (status.st_dev, status.st_ino) in self._identities or path in self._journals:
            return True
        # Most names are shorter: this runs for every file of every rescan
        return path[-KEY_LENGTH - 1 : -KEY_LENGTH] == os.sep and self._is_blob(path, status)

    def contain(self, path: str) -> bool:
        """Return whether a path that the user named is in the store, or is the database."""
        if "\0" in path:
            return False
        real = os.path.realpath(path)
        return _identity(real) in self._identities or self._is_below(os.path.dirname(real)) or self._is_named_blob(real)

    def _is_named_blob(self, path: str) -> bool:
        return is_key(os.path.basename(path)) and os.path.exists(path) and self._is_blob(path, os.stat(path))

    def _has_own_ancestor(self, folder: str) -> bool:
        return any(_identity(each) in self._identities for each in (folder, *map(str, Path(folder).parents)))

    def _is_blob(self, path: str, status: os.stat_result) -> bool:
        key = os.path.basename(path)
        blob = self._store.path(key) if is_key(key) else None
        return blob is not None and os.path.samestat(os.lstat(blob), status)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
