"""Options of the similarity rule for images: thresholds, agreement and transforms, with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dam.core.errors import UsageError

HASHES = ("phash", "dhash", "ahash")
"""The names of the perceptual hashes, the most selective first."""

DEFAULT_THRESHOLDS = {"phash": 4, "ahash": 4, "dhash": 4}
"""Maximum Hamming distance by name of the hash, 0–64; a negative threshold disables a hash."""

MAX_VERIFIED_THRESHOLD = 12
"""With thresholds up to this one, candidates are verified by their lumas: only the same picture matches.

With a greater threshold, the hashes alone decide.
"""


class Agreement(StrEnum):
    """How many of the hashes in use must be within their threshold."""

    ANY = "any"
    MAJORITY = "majority"
    ALL = "all"

    def needed(self, used: int) -> int:
        """Return how many of `used` hashes must be within their threshold."""
        return {Agreement.ANY: 1, Agreement.MAJORITY: used // 2 + 1, Agreement.ALL: used}[self]


DEFAULT_AGREEMENT = Agreement.MAJORITY
"""Chosen by measured precision and recall: see doc/similarity.md."""


@dataclass(frozen=True)
class ImageOptions:
    """Options of the similarity rule for images.

    Raises:
        UsageError: all hashes are disabled, or the pHash is disabled with `transforms`.

    """

    thresholds: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    """Maximum Hamming distance by name of the hash; hashes with a negative one, or none, are not used."""
    agreement: Agreement = DEFAULT_AGREEMENT
    transforms: bool = False
    """Whether rotated and mirrored copies are similar. They are compared by the pHash alone, and always verified."""

    def __post_init__(self) -> None:
        used = {name: threshold for name, threshold in self.thresholds.items() if threshold >= 0}
        if not used:
            raise UsageError("every hash is disabled")
        if self.transforms and "phash" not in used:
            raise UsageError("--transforms needs the pHash")
        object.__setattr__(self, "thresholds", used)

    @property
    def used(self) -> list[str]:
        """The hashes in use, the most selective first."""
        return [name for name in HASHES if name in self.thresholds]

    @property
    def needed(self) -> int:
        """The number of hashes that must be within their thresholds."""
        return self.agreement.needed(len(self.thresholds))

    @property
    def searched(self) -> list[str]:
        """The hashes that find all candidates: if k of n must agree, at least one of any n - k + 1 agrees."""
        return self.used[: len(self.used) - self.needed + 1]

    @property
    def verifies(self) -> bool:
        """Whether candidates are verified by their lumas."""
        return max(self.thresholds.values()) <= MAX_VERIFIED_THRESHOLD
