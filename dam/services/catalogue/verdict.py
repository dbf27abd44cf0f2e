"""Verdicts of the user on pairs of assets."""

from enum import StrEnum


class Verdict(StrEnum):
    """The user's verdict on a pair. It takes precedence over all measures."""

    DUPLICATE = "duplicate"
    ALTERNATE = "alternate"
    """Another version worth keeping: similar, but not a duplicate."""
    UNRELATED = "unrelated"
