"""What a search for something similar finds, whatever the medium."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SimilarMatch:
    """An asset that is similar to what was asked for."""

    entity_id: int
    score: float
    """0 to 1."""
    method: str
    """What was compared, such as `video_fingerprint`."""
    reason: str
    """Why it was found, in a few words."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """More, as JSON can hold it, such as the interval in seconds of the query and of the match."""


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
    """The share of the longer of the two that both have: an excerpt is similar to the whole, and no duplicate of it."""
    equal: bool = False
    """Whether the two are as good as one: whatever is similar to the first is to the second, and is not told again."""
