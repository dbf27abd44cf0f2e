"""The first stage of an ingest: find the files below some paths, outside the library itself."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from dam.core.errors import UsageError
from dam.media.files.selection import Selection
from dam.media.files.walk import Found, Group, walk_groups
from dam.services.library import Library


def discover(library: Library, paths: Iterable[str | Sequence[str]], selection: Selection) -> Iterator[Group]:
    """Yield the files below some paths in groups, but never those of the library itself.

    Raises:
        UsageError: a path is in the library's own store.

    """
    root = os.path.realpath(library.store.root) if library.store.root else ""
    is_file = library.engine.dialect.name == "sqlite"  # elsewhere the name of a database is no path
    database = (library.engine.url.database or "") if is_file else ""
    own = {(status := os.stat(path)).st_ino: status.st_dev for path in (root, database) if os.path.exists(path)}
    journals = {f"{os.path.abspath(database)}-{ending}" for ending in ("journal", "wal", "shm")}

    def checked(path: str) -> str:
        if root and "\0" not in path and os.path.commonpath([root, os.path.realpath(path)]) == root:
            raise UsageError(f"{path} is in the store of the library itself")
        return path

    def is_own(path: str, status: os.stat_result) -> bool:
        return own.get(status.st_ino) == status.st_dev or path in journals

    lists = (map(checked, [some] if isinstance(some, str) else some) for some in paths)
    return walk_groups(lists, selection, leave_out=is_own)


def count_bytes(library: Library, paths: Sequence[str], selection: Selection) -> int:
    """Return the size of all files that an ingest would take, so that somebody can tell how much is left."""
    found = chain.from_iterable(group.found for group in discover(library, [paths], selection))
    return sum(item.status.st_size for item in found if isinstance(item, Found))
