"""Look up many hashes and files at once."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dam.core.errors import UnreadableFileError, UsageError
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.lookup import FileReference, checked_hash, find_by_hash, read_file
from dam.services.components import ecs
from dam.services.library import Library

SHA1_DIGITS = 40
AT_ONCE = 50
"""Number of queries that are looked up in one transaction."""


@dataclass(frozen=True)
class HashQuery:
    """A hash, or a file that has been read, and the assets that it finds."""

    text: str
    """As it was given."""
    digits: str
    hash_type: str | None = None
    error: str | None = None
    """Why the file could not be read."""
    is_file: bool = False
    matches: tuple[Asset, ...] = ()

    @property
    def problem(self) -> str | None:
        """Why nothing was found; None if something was."""
        if self.error or self.matches:
            return self.error
        if len(self.digits) == SHA1_DIGITS:
            return f"{self.text}: nothing has it: 40 digits are a SHA-1, which the library does not keep; give the file"
        return f"{self.text}: the library has no such {'file' if self.is_file else 'hash'}"


def hash_query(text: str, hash_type: str | None = None) -> HashQuery:
    """Return the query for a hash or hash prefix, or for an existing file; that is read.

    Raises:
        UsageError: it is neither.

    """
    try:
        return HashQuery(text, checked_hash(text, hash_type), hash_type)
    except UsageError as exc:
        if not text or not os.path.isfile(text):
            raise UsageError(f"{exc}, and there is no such file") from exc
    return file_query(text)


def file_query(path: str) -> HashQuery:
    """Return the query for the content of a file, which is read."""
    try:
        found: FileReference = read_file(path)
    except UnreadableFileError as exc:
        return HashQuery(path, "", error=str(exc), is_file=True)
    return HashQuery(path, found.sha256, "sha256", is_file=True)


def look_up(library: Library, queries: Iterable[HashQuery]) -> Iterator[HashQuery]:
    """Yield the queries in order, with what they find."""
    for some in ecs.batched(queries, AT_ONCE):
        with library.read() as session:
            ids = [[] if each.error else find_by_hash(session, each.digits, each.hash_type) for each in some]
            found = [summarise(session, library.store, each) for each in ids]
        for each, matches in zip(some, found, strict=True):
            yield HashQuery(each.text, each.digits, each.hash_type, each.error, each.is_file, tuple(matches))
