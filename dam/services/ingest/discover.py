"""Discover, the first stage of an ingest: find the files at and below some paths."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from dam.core.errors import UsageError
from dam.media.files.selection import Selection
from dam.media.files.walk import FoundFile, WalkBatch, walk_batches
from dam.services.ingest.own_files import OwnFiles
from dam.services.library import Library


def discover(library: Library, paths: Iterable[str | Sequence[str]], selection: Selection) -> Iterator[WalkBatch]:
    """Yield the files at and below some paths in batches, except those of the library itself.

    Raises:
        UsageError: a path is in the library's own store.

    """
    own = OwnFiles(library)

    def checked(path: str) -> str:
        if own.contain(path):
            raise UsageError(f"{path} is in the store of the library itself")
        return path

    lists = (map(checked, [some] if isinstance(some, str) else some) for some in paths)
    return walk_batches(lists, selection, exclude=own.include)


def count_bytes(library: Library, paths: Sequence[str], selection: Selection) -> int:
    """Return the total size of the files that an ingest would discover, for the time left."""
    found = chain.from_iterable(batch.entries for batch in discover(library, [paths], selection))
    return sum(item.status.st_size for item in found if isinstance(item, FoundFile))
