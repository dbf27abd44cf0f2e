"""Read EXIF (CIPA DC-008) with Pillow, as a table of JSON values and as common fields."""

import contextlib
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags
from PIL.Image import Exif

from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment

_EXIF, _GPS, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_IGNORED = frozenset(
    {_EXIF, _GPS, _INTEROPERABILITY, 0x014A, 0x0111, 0x0117, 0x0144, 0x0145, 0x02BC, 0x83BB, 0x8649, 0x8773, 0x927C}
)
"""Tags of offsets, of blocks that other modules read, and of MakerNote."""
_XP = {0x9C9B: "XPTitle", 0x9C9C: "XPComment", 0x9C9D: "XPAuthor", 0x9C9E: "XPKeywords", 0x9C9F: "XPSubject"}
"""Tags of Windows Explorer: UTF-16 as bytes."""
_RATING = 0x4746
_COPYRIGHT = 0x8298
_MANY_ISO = 65535
"""An ISO that its field cannot hold: those of EXIF 2.3 have it."""
_MAX_VALUE_LENGTH = 1 << 16
"""Maximum length of a value, in bytes or characters; larger ones are binary data of a camera maker."""


def table(block: Exif | bytes, orientation: int | None = None) -> dict[str, Any]:
    """Return all values by tag name, with those of the GPS directory under `GPS`.

    `orientation` overrides the orientation in the block. Pillow may raise any exception for a damaged block.
    """
    exif = _loaded(block) if isinstance(block, bytes) else block
    named = _named(exif, ExifTags.TAGS)
    named |= _named(exif.get_ifd(_EXIF), ExifTags.TAGS)
    if orientation:
        named["Orientation"] = orientation
    gps = _named(exif.get_ifd(_GPS), ExifTags.GPSTAGS)
    return named | ({"GPS": gps} if gps else {})


def _loaded(block: bytes) -> Exif:
    exif = Exif()
    exif.load(block)
    return exif


def _named(directory: Mapping[int, Any], names: Mapping[int, str]) -> dict[str, Any]:
    named = {}
    for tag in list(directory)[: 4 * clean.MAX_ITEMS]:
        if tag in _IGNORED:
            continue
        try:
            value = _plain(tag, directory[tag])
        except Exception:  # noqa: BLE001, S112  Pillow decodes lazily: a damaged value must not lose the others
            continue
        if value is not None:
            named["Rating" if tag == _RATING else names.get(tag, f"0x{tag:04x}")] = value
    return named


def _plain(tag: int, value: Any) -> Any:
    if tag in _XP:
        packed = value if isinstance(value, bytes) else bytes(value[:_MAX_VALUE_LENGTH])
        return clean.text(packed.decode("utf-16-le", errors="replace").rstrip("\0"))
    if tag == 0x9286 and isinstance(value, bytes):  # noqa: PLR2004  UserComment: 8 bytes name the character code
        coding = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16"}.get(value[:8], "utf-8")
        return clean.text(value[8:_MAX_VALUE_LENGTH].decode(coding, errors="replace"))
    if isinstance(value, bytes) and len(value) == 1:  # a number, not a character
        return value[0]
    if isinstance(value, str):  # Pillow decodes as Latin-1; many programs write UTF-8
        with contextlib.suppress(UnicodeError):
            value = value[:_MAX_VALUE_LENGTH].encode("latin-1").decode()
        if tag != _COPYRIGHT:  # which has two texts, of the photographer and the editor
            value = value.partition("\0")[0]  # some cameras leave what was there before behind the end
    return clean.json_value(value)


def fields(values: Mapping[str, Any]) -> Fields:
    """Return the common fields of an EXIF table."""
    gps = values.get("GPS") or {}
    altitude = clean.number(gps.get("GPSAltitude"))
    return Fields(
        taken=moment(values.get("DateTimeOriginal"), values.get("SubsecTimeOriginal"), values.get("OffsetTimeOriginal"))
        or moment(
            values.get("DateTimeDigitized"), values.get("SubsecTimeDigitized"), values.get("OffsetTimeDigitized")
        ),
        exposure_seconds=clean.positive(values.get("ExposureTime")),
        aperture=clean.positive(values.get("FNumber")),
        iso=_iso(values),
        focal_length=clean.positive(values.get("FocalLength")),
        orientation=clean.integer(values.get("Orientation"), 1, 8),
        make=clean.text(values.get("Make")),
        model=clean.text(values.get("Model")),
        lens=clean.text(values.get("LensModel")),
        latitude=_degrees(gps.get("GPSLatitude"), gps.get("GPSLatitudeRef"), "S", 90),
        longitude=_degrees(gps.get("GPSLongitude"), gps.get("GPSLongitudeRef"), "W", 180),
        altitude=-altitude if altitude is not None and gps.get("GPSAltitudeRef") == 1 else altitude,
        title=clean.text(values.get("XPTitle")),
        description=clean.text(values.get("ImageDescription")) or clean.text(values.get("XPComment")),
        artist=clean.text(values.get("Artist")) or clean.text(values.get("XPAuthor")),
        copyright=clean.text(values.get("Copyright")),
        rating=clean.integer(values.get("Rating"), 0, 5),
        keywords=distinct([clean.text(word) for word in (clean.text(values.get("XPKeywords")) or "").split(";")]),
    )


def _iso(values: Mapping[str, Any]) -> int | None:
    short = clean.integer(values.get("ISOSpeedRatings"), 1)
    if short not in (None, _MANY_ISO):
        return short
    names = ("RecommendedExposureIndex", "StandardOutputSensitivity", "ISOSpeed")
    return next((iso for name in names if (iso := clean.integer(values.get(name), 1))), short)


def _degrees(parts: Any, hemisphere: Any, negative: str, maximum: int) -> float | None:
    """Convert degrees, minutes and seconds to degrees; None if they are invalid or exceed `maximum`."""
    numbers = [clean.number(part) for part in parts[:3]] if isinstance(parts, list) else []
    if not numbers or None in numbers:
        return None
    degrees = sum(part / 60**power for power, part in enumerate(part for part in numbers if part is not None))
    signed = -degrees if str(hemisphere or "").upper().startswith(negative) else degrees
    return signed if abs(signed) <= maximum else None
