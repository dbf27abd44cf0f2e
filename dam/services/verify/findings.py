"""What a verification reports."""

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """Kinds of problems."""

    MISSING = "missing"
    """The content of an asset is missing."""
    ALTERED = "altered"
    """The content differs from the recorded digest or size."""
    IRREGULAR = "irregular"
    """A link, folder, pipe, socket or device is in the place of a blob."""
    UNREADABLE = "unreadable"
    """A blob or folder cannot be read: the device or the permissions, which says nothing of the content."""
    MISPLACED = "misplaced"
    """A blob is in the wrong folder of the store."""
    WRITABLE = "writable"
    """The file of a blob can be written to."""
    LINKED = "linked"
    """The file of a blob has another name, by a hard link that was not made on purpose: it can change through that."""
    ORPHANED = "orphaned"
    """A blob without an asset, left by a killed ingest. The next ingest of the same content adopts it."""
    DANGLING = "dangling"
    """An asset without digest, location or properties, or whose location contradicts its digest."""
    DATABASE = "database"
    """The database fails its own checks: of its pages and indexes, or of foreign keys."""
    MANIFEST = "manifest"
    """The manifest in the store is damaged, or has what the database has not."""
    TOO_FEW_COPIES = "too_few_copies"
    """There are fewer copies of a content, in the store and its mirrors, than asked for."""
    QUARANTINED = "quarantined"
    """A damaged blob that was set aside lies in the quarantine."""
    JUNK = "junk"
    """Something in the store that dam did not put there."""

    @property
    def is_damage(self) -> bool:
        """Whether something must be done. The others are only noted."""
        return self not in (Problem.QUARANTINED, Problem.JUNK)


@dataclass(frozen=True)
class Finding:
    """A problem, with the content, asset, original filename and path in the store that it concerns."""

    problem: Problem
    detail: str
    sha256: str | None = None
    entity_id: int | None = None
    name: str | None = None
    path: str | None = None
    """The file in the store that is meant, where that is not the place of the blob `sha256`."""
    quarantined: str | None = None
    """Where the damaged blob is now."""


@dataclass(frozen=True)
class IntactAsset:
    """An asset whose content is intact; `size` is in bytes."""

    entity_id: int
    size: int
    is_read: bool = False
    """Whether its content was read, and has the recorded digest."""
