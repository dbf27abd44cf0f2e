"""Read what AVCHD camcorders write into the video itself: MDPM, user data in the SEI of H.264 (ITU-T H.264, D.1.7).

The layout of the entries, of 5 bytes each, is that of the digital video pack (IEC 61834-4), as exiftool documents it.
"""

import re
from typing import BinaryIO

from dam.media.container import open_container
from dam.media.metadata.fields import Fields
from dam.media.metadata.moments import Moment, moment

MAX_PACKETS = 32
"""Maximum number of packets of the video stream to look into; the first one of each group of pictures has the data."""
MAX_BYTES = 65536
"""Maximum number of bytes of a packet to look into: the data is before the picture."""

_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_TIME, _TIME_OF_DAY = 0x18, 0x19
_EXPOSURE, _APERTURE = 0xA0, 0xA1
_NORTH, _LATITUDE, _EAST, _LONGITUDE, _BELOW, _ALTITUDE = 0xB1, 0xB2, 0xB5, 0xB6, 0xB9, 0xBA
_MAKE, _MODEL = 0xE0, 0xE4
_MAKES = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
_SONY = b"\x01\x08"


def read(stream: BinaryIO) -> Fields | None:
    """Return the common fields of the first MDPM in the video stream; None if there is none.

    Raises:
        DecodeError: FFmpeg cannot read the file.

    """
    with open_container(stream) as container:
        for video in container.streams.video[:1]:
            for number, packet in enumerate(container.demux(video)):
                if number == MAX_PACKETS:
                    break
                if entries := _entries(bytes(packet)[:MAX_BYTES]):
                    return _fields(entries)
    return None


def _entries(data: bytes) -> dict[int, bytes]:
    """Return the entries of the MDPM in a packet by tag; none if it has no MDPM."""
    data = re.sub(b"\0\0\3(?=[\0-\3])", b"\0\0", data)  # emulation prevention, 7.4.1
    start = data.find(_MARK)
    if start < 0 or start + len(_MARK) >= len(data):
        return {}
    first = start + len(_MARK) + 1
    packed = data[first : first + 5 * data[first - 1]]
    return {packed[place]: packed[place + 1 : place + 5] for place in range(0, len(packed) - 4, 5)}


def _fields(entries: dict[int, bytes]) -> Fields:
    latitude = _degrees(entries, _LATITUDE, _NORTH, b"S", 90)
    longitude = _degrees(entries, _LONGITUDE, _EAST, b"W", 180)
    altitude = _ratio(entries, _ALTITUDE)
    located = latitude is not None and longitude is not None
    return Fields(
        taken=_taken(entries),
        exposure_seconds=_ratio(entries, _EXPOSURE) or None,
        aperture=_ratio(entries, _APERTURE) or None,
        make=_MAKES.get(int.from_bytes(entries.get(_MAKE, b"")[:2])),
        model=_model(entries),
        latitude=latitude if located else None,
        longitude=longitude if located else None,
        altitude=-altitude if altitude and any(entries.get(_BELOW, b"")) else altitude if located else None,
    )


def _taken(entries: dict[int, bytes]) -> Moment | None:
    """Parse the time: a byte of the zone, then year, month, day, hour, minute and second, two decimal digits a byte."""
    packed = entries.get(_TIME, b"") + entries.get(_TIME_OF_DAY, b"")
    if len(packed) != 8:  # noqa: PLR2004  both entries
        return None
    zone, digits = packed[0], packed[1:].hex()
    # Bits of the zone: 0x20 sign, 0x1e hours, 0x01 half an hour. All set: not known
    offset = f"{'-' if zone & 0x20 else '+'}{zone >> 1 & 15:02}:{30 if zone & 1 else 0:02}"
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}"
    return moment(date, offset=offset)


def _model(entries: dict[int, bytes]) -> str | None:
    if entries.get(_MAKE, b"").startswith(_SONY):  # of others, the entries have something else
        packed = b"".join(entries.get(_MODEL + number, b"") for number in range(3))
        return packed.partition(b"\0")[0].decode("ascii", "replace").strip() or None
    return None


def _ratio(entries: dict[int, bytes], tag: int) -> float | None:
    value = entries.get(tag, b"")
    numerator, denominator = int.from_bytes(value[:2]), int.from_bytes(value[2:4])
    return numerator / denominator if denominator else None


def _degrees(entries: dict[int, bytes], tag: int, hemisphere: int, negative: bytes, maximum: int) -> float | None:
    parts = [_ratio(entries, tag + number) for number in range(3)]
    degrees = sum((part or 0.0) / scale for part, scale in zip(parts, (1, 60, 3600), strict=True))
    if parts[0] is None or degrees > maximum:
        return None
    return -degrees if entries.get(hemisphere, b"").startswith(negative) else degrees
