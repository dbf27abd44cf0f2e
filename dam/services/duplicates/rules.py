"""The words of finding duplicates: levels, reasons, rules for keeping."""

from enum import StrEnum


class Level(StrEnum):
    """How much two duplicates have in common."""

    CONTENT = "content"
    """The same compressed picture, under other metadata."""
    PIXELS = "pixels"
    """The same pixels, in another file or format."""
    SIMILAR = "similar"
    """They look the same."""


class Reason(StrEnum):
    """Why an asset is a duplicate of its keeper: the first of these that holds."""

    VERDICT = "verdict"
    """The user said so."""
    CONTENT = "content"
    PIXELS = "pixels"
    SIMILAR = "similar"


class Rule(StrEnum):
    """What is to be kept before others."""

    MOST_PIXELS = "most-pixels"
    FEWEST_PIXELS = "fewest-pixels"
    LARGEST_FILE = "largest-file"
    SMALLEST_FILE = "smallest-file"
    OLDEST = "oldest"
    """By the earliest modification time among an asset's sources."""
    NEWEST = "newest"
    MOST_TAGS = "most-tags"
    LOWEST_ID = "lowest-id"
    HIGHEST_ID = "highest-id"


DEFAULT_RULES = (Rule.MOST_PIXELS, Rule.LARGEST_FILE, Rule.OLDEST, Rule.LOWEST_ID)
