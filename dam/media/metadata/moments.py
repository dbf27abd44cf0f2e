"""Moments as cameras and people write them: local time, sub-seconds, and how far that is from UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from dam.media.metadata import clean

_TIME = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)"
    r"(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?)?"
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_FURTHEST = 14 * 60
"""Minutes: no place on earth is further from UTC."""


@dataclass(frozen=True)
class Moment:
    """A local time, `2026-05-01T12:34:56.78`, and by how many minutes it is before UTC, if that is known."""

    local: str
    offset: int | None = None

    @property
    def utc(self) -> datetime | None:
        """The same moment in UTC, if that is known."""
        if self.offset is None:
            return None
        try:
            local = datetime.fromisoformat(self.local).replace(tzinfo=timezone(timedelta(minutes=self.offset)))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def moment(value: Any, subseconds: Any = None, offset: Any = None) -> Moment | None:
    """Read a moment; what EXIF has in fields of their own can be given beside it. None where it is none."""
    found = _TIME.match(clean.text(value, 64) or "")
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        when = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    digits = re.match(r"\d{1,9}", fraction or clean.text(subseconds, 16) or "")
    local = when.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + (f".{digits[0]}" if digits else "")
    return Moment(local, _minutes(zone or clean.text(offset, 16)))


def _minutes(offset: str | None) -> int | None:
    if offset == "Z":
        return 0
    found = _OFFSET.match(offset or "")
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return None if minutes > _FURTHEST else -minutes if found[1] == "-" else minutes
