"""Durations and percentages on the command line."""

import re

from dam.core.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)([smhd]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%?", re.ASCII)
_ALL = 100


def seconds(text: str, option: str) -> float:
    """Return a duration such as `90s`, `30m`, `1h30m` or `2d` in seconds.

    Raises:
        UsageError: it has another form.

    """
    if not _DURATION.fullmatch(text):
        raise UsageError(f"{option} {text!r} is no duration: give it as 90s, 30m, 1h30m or 2d")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def percent(text: str, option: str) -> float:
    """Return a percentage such as `5%`: more than 0, at most 100.

    Raises:
        UsageError: it has another form.

    """
    match = _PERCENT.fullmatch(text)
    if not match or not 0 < float(match[1]) <= _ALL:
        raise UsageError(f"{option} {text!r} is no percentage: give it as 5%")
    return float(match[1])
