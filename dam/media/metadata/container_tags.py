"""Common fields of a video from the metadata of its container: QuickTime keys, Android's, AVI and Matroska."""

import re
from collections.abc import Mapping

from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import Moment, moment

_APPLE = "com.apple.quicktime."
_COORDINATE = r"([+-])(\d{2,7}(?:\.\d+)?)"
_ISO_6709 = re.compile(rf"{_COORDINATE}{_COORDINATE}(?:([+-]\d+(?:\.\d+)?))?")
_UNSET = ("1904-01-01", "1970-01-01")
"""The epochs of QuickTime and of Unix: days of clocks that were never set."""
_TIME_OF_DAY = re.compile(r"\d{4}[:-]\d\d[:-]\d\d[T ]+\d\d:\d\d")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AVI_DATE = re.compile(r"[A-Za-z]{3} +([A-Za-z]{3}) +(\d{1,2}) +(\d\d:\d\d:\d\d) +(\d{4})")
"""A date of AVI (the chunk IDIT), such as `Mon Mar 10 15:04:43 2003`; local time."""
_CASIO_DATE = re.compile(r"(\d{4})[/-] *(\d{1,2})[/-] *(\d{1,2})[/ ] *(\d{1,2}): *(\d{2})(P?)")
"""What some cameras write in its place: `2001/ 1/27  1:42PM`, `2005/11/28/ 09:19`."""


def fields(tags: Mapping[str, str]) -> Fields:
    """Return the common fields of a container's metadata, whose keys are in lower case."""

    def text(*names: str) -> str | None:
        return next((value for name in names if (value := clean.text(tags.get(name)))), None)

    latitude, longitude, altitude = _position(tags)
    keywords = text(f"{_APPLE}keywords", "keywords") or ""
    return Fields(
        taken=_taken(tags),
        make=text(f"{_APPLE}make", "com.android.manufacturer", "make"),
        model=text(f"{_APPLE}model", "com.android.model", "model"),
        lens=text(f"{_APPLE}camera.lens_model"),
        latitude=latitude,
        longitude=longitude,
        altitude=altitude,
        title=text(f"{_APPLE}title", "title"),
        description=text(f"{_APPLE}description", "description", "comment"),
        artist=text(f"{_APPLE}author", f"{_APPLE}artist", "artist", "author"),
        copyright=text(f"{_APPLE}copyright", "copyright"),
        keywords=distinct([clean.text(word) for word in keywords.split(",")]),
    )


def _taken(tags: Mapping[str, str]) -> Moment | None:
    """Return the time of recording: local time where the file has it, else that in UTC, with the offset 0."""
    for name in (f"{_APPLE}creationdate", "date", "date_recorded"):
        if found := _local_time(tags.get(name, "")):
            return found
    created = tags.get("creation_time", "").replace(".000000", "")
    return None if created.startswith(_UNSET) else moment(created)  # with a Z, but for AVI, where it is local time


def _local_time(value: str) -> Moment | None:
    """Parse a time; None for a date without the time of day, which may be that of a release."""
    value = (clean.text(value, 64) or "").strip()
    if value.startswith(_UNSET):
        return None
    if _TIME_OF_DAY.match(value):
        return moment(value)
    if matched := _AVI_DATE.match(value):
        month, day, time, year = matched.groups()
        number = _MONTHS.index(month.lower()) + 1 if month.lower() in _MONTHS else 0
        return moment(f"{year}-{number:02}-{int(day):02}T{time}")
    if matched := _CASIO_DATE.match(value):
        year, month, day, hour, minute, afternoon = matched.groups()
        hours = int(hour) % 12 + 12 if afternoon else int(hour)
        return moment(f"{year}-{int(month):02}-{int(day):02}T{hours:02}:{minute}")
    return None


def _position(tags: Mapping[str, str]) -> tuple[float | None, float | None, float | None]:
    """Return latitude, longitude and altitude by ISO 6709, of the first location that is valid."""
    names = [f"{_APPLE}location.iso6709", *(name for name in sorted(tags) if name.startswith("location"))]
    for name in names:
        if matched := _ISO_6709.match(tags.get(name, "")):
            latitude = _degrees(matched[1], matched[2], 2)
            longitude = _degrees(matched[3], matched[4], 3)
            if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):  # noqa: PLR2004  the poles
                return latitude, longitude, clean.number(matched[5])
    return None, None, None


def _degrees(sign: str, digits: str, width: int) -> float:
    """Convert `DD.D`, `DDMM.M` or `DDMMSS.S` (for longitudes with three digits of degrees) to degrees."""
    whole = digits.partition(".")[0]
    size = width if len(whole) <= width + 1 else width + 2 if len(whole) <= width + 3 else width + 4
    if size == width:
        degrees = float(digits)
    elif size == width + 2:
        degrees = int(digits[:width]) + float(digits[width:]) / 60
    else:
        degrees = int(digits[:width]) + int(digits[width : width + 2]) / 60 + float(digits[width + 2 :]) / 3600
    return -degrees if sign == "-" else degrees
