"""Dates in queries: prefixes of ISO 8601, and durations back from now, as half-open intervals."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d))?)?)?)?)?", re.ASCII)
_BACK = re.compile(r"-(\d{1,5})(h|d|w|mo|m|y)", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_MONTHS = {"mo": 1, "m": 1, "y": 12}
_SPANS = (None, None, None, timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))


@dataclass(frozen=True)
class Interval:
    """A half-open interval of local times without a zone; of a moment, both ends are that."""

    start: datetime
    end: datetime


def interval(text: str, now: datetime) -> Interval | None:
    """Return the interval that a date such as `2024-05` means, or a duration back from `now`; None for another text.

    `today` and `yesterday` are days. A duration such as `-2w` is the moment then.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if text in ("today", "yesterday"):
        start = today - timedelta(days=text == "yesterday")
        return Interval(start, start + timedelta(days=1))
    try:
        if back := _BACK.fullmatch(text):
            then = _back(now, int(back[1]), back[2])
            return Interval(then, then)
        if iso := _ISO.fullmatch(text):
            return _of_prefix([int(part) for part in iso.groups() if part])
    except (ValueError, OverflowError):
        return None
    return None


def _of_prefix(parts: list[int]) -> Interval:
    start = datetime(*(parts + [1] * (3 - len(parts))))  # type: ignore[arg-type]  # noqa: DTZ001  local time
    span = _SPANS[len(parts)]
    if span:
        return Interval(start, start + span)
    return Interval(start, _later(start, 12 if len(parts) == 1 else 1))


def _later(start: datetime, months: int) -> datetime:
    index = start.year * 12 + start.month - 1 + months
    if index // 12 > 9999:  # noqa: PLR2004  the last year that there is
        return datetime.max  # noqa: DTZ901
    return start.replace(year=index // 12, month=index % 12 + 1)


def _back(now: datetime, count: int, unit: str) -> datetime:
    if unit in _HOURS:
        return now - timedelta(hours=count * _HOURS[unit])
    index = now.year * 12 + now.month - 1 - count * _MONTHS[unit]
    first = now.replace(year=index // 12, month=index % 12 + 1, day=1)
    return first + timedelta(days=min(now.day, (_later(first, 1) - first).days) - 1)
