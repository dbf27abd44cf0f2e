"""What a repair reports."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a repair does."""

    HEAL = "heal"
    """Put a sound copy in the place of a blob."""
    MOVE = "move"
    """Move a blob to its place."""
    PROTECT = "protect"
    """Make the file of a blob read-only, or give it a file of its own."""
    ADOPT = "adopt"
    """Make an asset of a blob that none owns."""
    RELINK = "relink"
    """Find the file of a referenced asset that was moved."""
    COMPLETE = "complete"
    """Write what an asset lacks: its digest, location or properties."""
    DERIVE = "derive"
    """Derive anew what has changed since it was derived from the content."""
    DATABASE = "database"
    """Rebuild indexes, or delete rows that refer to none."""
    MANIFEST = "manifest"
    """Write the manifest again, or bring into the database what only the manifest has."""
    MARKER = "marker"
    """Write the marker of the store."""


class Result(StrEnum):
    """How it went."""

    DONE = "done"
    PLANNED = "planned"
    """It would be done, but for `--dry-run`."""
    LEFT = "left"
    """It could not be done; `detail` says why, and what to do."""


@dataclass(frozen=True)
class Repair:
    """Something that was repaired, would be, or could not be."""

    action: Action
    result: Result
    detail: str
    sha256: str | None = None
    entity_id: int | None = None
    name: str | None = None
    path: str | None = None
    """The file that the sound content came from, or that is meant."""
