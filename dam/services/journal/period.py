"""Periods of time as a user writes them: the beginning of an ISO 8601 date and time, in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dam.core.errors import UsageError

_WHOLE = "0001-01-01T00:00:00"
_STEPS = {
    10: timedelta(days=1),
    13: timedelta(hours=1),
    16: timedelta(minutes=1),
    19: timedelta(seconds=1),
}
"""How long the period is, by the number of characters that are given; years and months have no fixed length."""
_YEAR, _MONTH = 4, 7
_LAST_MONTH = 12


@dataclass(frozen=True)
class Period:
    """The time from `begin` until before `end`."""

    begin: datetime
    end: datetime


def read_period(text: str, option: str) -> Period:
    """Return the period that a text such as `2026`, `2026-11`, `2026-11-21` or `2026-11-21T15:30` names.

    Raises:
        UsageError: it has another form, or there is no such date.

    """
    written = text.strip().replace(" ", "T")
    try:
        if len(written) not in (_YEAR, _MONTH, *_STEPS) or not re.fullmatch(r"[\dT:-]+", written, re.ASCII):
            raise ValueError  # noqa: TRY301  turned into the error below
        begin = datetime.fromisoformat(written + _WHOLE[len(written) :]).replace(tzinfo=UTC)
        return Period(begin, _end(begin, len(written)))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text!r} is no date: give it as 2026, 2026-11, 2026-11-21 or 2026-11-21T15:30"
        ) from None


def _end(begin: datetime, length: int) -> datetime:
    if length == _YEAR or (length == _MONTH and begin.month == _LAST_MONTH):
        return begin.replace(year=begin.year + 1, month=1)
    if length == _MONTH:
        return begin.replace(month=begin.month + 1)
    return begin + _STEPS[length]
