"""Parse date-times of metadata: local time, sub-seconds, and offset from UTC."""

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
_MAX_OFFSET_MINUTES = 14 * 60
"""Maximum offset of a time zone from UTC."""


@dataclass(frozen=True)
class Moment:
    """A local time such as `2026-05-01T12:34:56.78`, and its offset from UTC where known."""

    local: str
    offset: int | None = None
    """Minutes to add to UTC to get the local time; positive east of Greenwich."""

    @property
    def utc(self) -> datetime | None:
        """The same moment in UTC; None where the offset is unknown."""
        if self.offset is None:
            return None
        try:
            local = datetime.fromisoformat(self.local).replace(tzinfo=timezone(timedelta(minutes=self.offset)))
            return local.astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def moment(value: Any, subseconds: Any = None, offset: Any = None) -> Moment | None:
    """Parse a date-time of EXIF or ISO 8601; return None if it is invalid.

    `subseconds` and `offset` are the values of EXIF's separate fields, which apply where `value` has neither.
    """
    matched = _TIME.match(clean.text(value, 64) or "")
    if not matched:
        return None
    year, month, day, hour, minute, second, fraction, zone = matched.groups()
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
    matched = _OFFSET.match(offset or "")
    if not matched:
        return None
    minutes = int(matched[2]) * 60 + int(matched[3])
    return None if minutes > _MAX_OFFSET_MINUTES else -minutes if matched[1] == "-" else minutes
