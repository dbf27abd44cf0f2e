"""Matches and pairs that the similarity methods of all media return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SimilarMatch:
    """An asset that is similar to a query."""

    entity_id: int
    score: float
    """0 to 1."""
    method: str
    """The name of the method, such as `video_fingerprint`."""
    reason: str
    """The reason for the match, for people."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON-compatible details, such as the matching intervals in seconds."""


@dataclass(frozen=True)
class SimilarPair:
    """Two assets of the library that are similar."""

    entity_a: int
    entity_b: int
    """The higher id of the two."""
    score: float
    method: str
    reason: str
    extent: float = 1.0
    """The share of the longer asset that both have: an excerpt is similar to the whole, and no duplicate of it."""
    equal: bool = False
    """Whether the fingerprints are equal: then pairs with the second asset are not repeated."""
