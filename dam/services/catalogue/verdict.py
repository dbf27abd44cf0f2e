"""What a user can say of a pair of assets."""

from enum import StrEnum


class Verdict(StrEnum):
    """The user's word on a pair: it comes before every measure."""

    DUPLICATE = "duplicate"
    ALTERNATE = "alternate"
    """Another version of the same, worth keeping: similar, but no duplicate."""
    UNRELATED = "unrelated"
