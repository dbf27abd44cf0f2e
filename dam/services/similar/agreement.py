"""How many hashes must agree before two images count as similar."""

from enum import StrEnum


class Agreement(StrEnum):
    """How many of the hashes that are used must be within their threshold."""

    ANY = "any"
    MAJORITY = "majority"
    ALL = "all"

    def needed(self, used: int) -> int:
        """Return how many of `used` hashes must be within their threshold."""
        return {Agreement.ANY: 1, Agreement.MAJORITY: used // 2 + 1, Agreement.ALL: used}[self]


DEFAULT_AGREEMENT = Agreement.ANY
"""Chosen by measured precision and recall: see doc/similarity.md."""
