"""What a check says of a file."""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dam.services.similar.match import SimilarMatch


class Status(StrEnum):
    """Whether the library has a file."""

    HAVE = "have"
    """It has the same content, in a place that is there now."""
    SIMILAR = "similar"
    """It has something similar."""
    NEW = "new"
    FAILED = "failed"
    """The file could not be read."""


class CheckedFile(NamedTuple):
    """A file, or a line of a list of checksums, and whether the library has it."""

    path: str
    status: Status
    size: int | None = None
    """In bytes; None for a line of a list, and a file that could not be read."""
    sha256: str | None = None
    entity_id: int | None = None
    """The asset with the content, or the nearest one."""
    match: "SimilarMatch | None" = None
    """How the nearest asset is similar."""
    reason: str | None = None
    """Why the file could not be read or compared, or why an asset with its content does not count."""
