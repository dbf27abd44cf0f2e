"""Levels of similarity, reasons for a match, and rules that choose the asset to keep."""

from enum import StrEnum


class Level(StrEnum):
    """The minimum similarity of duplicates."""

    CONTENT = "content"
    """The same compressed picture, under other metadata."""
    PIXELS = "pixels"
    """The same pixels, in another file or format."""
    SIMILAR = "similar"
    """Visually similar, or similar by the method of another medium."""


class Reason(StrEnum):
    """Why an asset is a duplicate of its keeper: the first reason that applies."""

    VERDICT = "verdict"
    """The user's verdict."""
    CONTENT = "content"
    PIXELS = "pixels"
    SIMILAR = "similar"


class Rule(StrEnum):
    """A rule that prefers one asset of a group."""

    MOST_PIXELS = "most-pixels"
    FEWEST_PIXELS = "fewest-pixels"
    LARGEST_FILE = "largest-file"
    SMALLEST_FILE = "smallest-file"
    OLDEST = "oldest"
    """The asset with the earliest modification time of any source."""
    NEWEST = "newest"
    MOST_TAGS = "most-tags"
    LOWEST_ID = "lowest-id"
    HIGHEST_ID = "highest-id"


DEFAULT_RULES = (Rule.MOST_PIXELS, Rule.LARGEST_FILE, Rule.OLDEST, Rule.LOWEST_ID)
