"""EXIF (CIPA DC-008): what Pillow reads of it, as plain values and as common fields."""

import contextlib
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags
from PIL.Image import Exif

from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment

_EXIF, _GPS, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_LEFT_OUT = frozenset(
    {_EXIF, _GPS, _INTEROPERABILITY, 0x014A, 0x0111, 0x0117, 0x0144, 0x0145, 0x02BC, 0x83BB, 0x8649, 0x8773, 0x927C}
)
"""Pointers to other places, blocks that are read elsewhere, and the makers' own notes."""
_XP = {0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject"}
"""Windows' own tags: UTF-16 in bytes."""
_RATING = 0x4746
_LONGEST = 1 << 16
"""Values with more items are blobs of a maker."""


def table(block: Exif | bytes, orientation: int | None = None) -> dict[str, Any]:
    """Return all values by their names, those of places under `GPS`; `orientation` takes the place of the one there."""
    exif = _loaded(block) if isinstance(block, bytes) else block
    named = _named(exif, ExifTags.TAGS)
    named |= _named(exif.get_ifd(_EXIF), ExifTags.TAGS)
    if orientation:
        named["Orientation"] = orientation
    place = _named(exif.get_ifd(_GPS), ExifTags.GPSTAGS)
    return named | ({"GPS": place} if place else {})


def _loaded(block: bytes) -> Exif:
    exif = Exif()
    exif.load(block)
    return exif


def _named(directory: Mapping[int, Any], names: Mapping[int, str]) -> dict[str, Any]:
    named = {}
    for tag in list(directory)[: 4 * clean.MAX_ITEMS]:
        if tag in _LEFT_OUT:
            continue
        try:
            value = _plain(tag, directory[tag])
        except Exception:  # noqa: BLE001, S112  Pillow reads a value when it is asked for: this one costs only itself
            continue
        if value is not None:
            named["Rating" if tag == _RATING else names.get(tag, f"0x{tag:04x}")] = value
    return named


def _plain(tag: int, value: Any) -> Any:
    if tag in _XP:
        packed = value if isinstance(value, bytes) else bytes(value[:_LONGEST])
        return clean.text(packed.decode("utf-16-le", errors="replace").rstrip("\0"))
    if tag == 0x9286 and isinstance(value, bytes):  # noqa: PLR2004  UserComment: 8 bytes say how it is coded
        coding = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16"}.get(value[:8], "utf-8")
        return clean.text(value[8:_LONGEST].decode(coding, errors="replace"))
    if isinstance(value, bytes) and len(value) == 1:  # a number, not a letter
        return value[0]
    if isinstance(value, str):  # Pillow takes it for Latin-1; many programs write UTF-8
        with contextlib.suppress(UnicodeError):
            value = value[:_LONGEST].encode("latin-1").decode()
    return clean.plain(value)


def fields(said: Mapping[str, Any]) -> Fields:
    """Return the common fields of a table."""
    place = said.get("GPS") or {}
    above = clean.number(place.get("GPSAltitude"))
    return Fields(
        taken=moment(said.get("DateTimeOriginal"), said.get("SubsecTimeOriginal"), said.get("OffsetTimeOriginal"))
        or moment(said.get("DateTimeDigitized"), said.get("SubsecTimeDigitized"), said.get("OffsetTimeDigitized")),
        exposure_seconds=clean.positive(said.get("ExposureTime")),
        aperture=clean.positive(said.get("FNumber")),
        iso=clean.whole(said.get("ISOSpeedRatings"), 1),
        focal_length=clean.positive(said.get("FocalLength")),
        orientation=clean.whole(said.get("Orientation"), 1, 8),
        make=clean.text(said.get("Make")),
        model=clean.text(said.get("Model")),
        lens=clean.text(said.get("LensModel")),
        latitude=_degrees(place.get("GPSLatitude"), place.get("GPSLatitudeRef"), "S", 90),
        longitude=_degrees(place.get("GPSLongitude"), place.get("GPSLongitudeRef"), "W", 180),
        altitude=-above if above is not None and place.get("GPSAltitudeRef") == 1 else above,
        title=clean.text(said.get("XPTitle")),
        description=clean.text(said.get("ImageDescription")) or clean.text(said.get("XPComment")),
        artist=clean.text(said.get("Artist")) or clean.text(said.get("XPAuthor")),
        copyright=clean.text(said.get("Copyright")),
        rating=clean.whole(said.get("Rating"), 0, 5),
        keywords=distinct([clean.text(word) for word in (clean.text(said.get("XPKeywords")) or "").split(";")]),
    )


def _degrees(parts: Any, side: Any, negative: str, most: int) -> float | None:
    """Return degrees, minutes and seconds as degrees."""
    numbers = [clean.number(part) for part in parts[:3]] if isinstance(parts, list) else []
    if not numbers or None in numbers:
        return None
    degrees = sum(part / 60**place for place, part in enumerate(part for part in numbers if part is not None))
    signed = -degrees if str(side or "").upper().startswith(negative) else degrees
    return signed if abs(signed) <= most else None
