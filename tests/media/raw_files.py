"""A small real DNG file: a mosaic of 16-bit values, uncompressed, with or without an embedded preview."""

import struct
from typing import Any

import numpy as np
from PIL import Image

from tests.media.pictures import saved

SHORT, LONG, RATIONAL, SIGNED_RATIONAL = 3, 4, 5, 10
FORMS = {1: "B", 2: "s", SHORT: "H", LONG: "L", RATIONAL: "2L", SIGNED_RATIONAL: "2l"}
Tag = tuple[int, int, Any]
"""Its number, the type of its values, and the values."""


def dng(picture: Image.Image, *, orientation: int = 1, preview: Image.Image | None = None, **exif: str) -> bytes:
    """Write a picture as a camera that makes DNG files would; `exif` may have `make` and `model`."""
    planes = np.asarray(picture.convert("RGB")).astype(np.uint16) << 6
    mosaic = planes[:, :, 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = planes[0::2, 0::2, 0], planes[1::2, 1::2, 2]
    height, width = mosaic.shape
    sensor: list[Tag] = [
        (254, LONG, [0]),
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [16]),
        (259, SHORT, [1]),
        (262, SHORT, [32803]),
        (271, 2, exif.get("make", "Makers").encode() + b"\0"),
        (272, 2, exif.get("model", "Model 1").encode() + b"\0"),
        (273, LONG, [0]),
        (274, SHORT, [orientation]),
        (277, SHORT, [1]),
        (278, LONG, [height]),
        (279, LONG, [mosaic.nbytes]),
        (33421, SHORT, [2, 2]),
        (33422, 1, [0, 1, 1, 2]),
        (50706, 1, [1, 4, 0, 0]),
        (50708, 2, b"Makers Model 1\0"),
        (50717, LONG, [255 << 6]),
        (50721, SIGNED_RATIONAL, [number for row in np.eye(3, dtype=int).ravel() for number in (int(row), 1)]),
        (50728, RATIONAL, [1, 1] * 3),
        (50778, SHORT, [21]),
    ]
    parts = [(sensor, mosaic.astype("<u2").tobytes())]
    if preview:
        small: list[Tag] = [
            (254, LONG, [1]),
            (256, LONG, [preview.width]),
            (257, LONG, [preview.height]),
            (258, SHORT, [8] * 3),
        ]
        small += [(259, SHORT, [7]), (262, SHORT, [6]), (273, LONG, [0]), (277, SHORT, [3])]
        data = saved(preview, "JPEG", quality=90)
        small += [(278, LONG, [preview.height]), (279, LONG, [len(data)])]
        parts.append((small, data))
    return _tiff(parts)


def _tiff(parts: list[tuple[list[Tag], bytes]]) -> bytes:
    """Write a TIFF file with the first directory and the others as its SubIFDs."""
    out = bytearray(b"II*\0\0\0\0\0")
    offsets: list[int] = []
    for number, (tags, pixels) in reversed(list(enumerate(parts))):
        strip = len(out)
        out += pixels + b"\0" * (-len(pixels) % 4)
        entries = [(tag, kind, [strip] if tag == 273 else values) for tag, kind, values in tags]
        if number == 0 and offsets:
            entries.append((330, LONG, offsets))
        offsets.append(_directory(out, sorted(entries, key=lambda entry: entry[0])))
    struct.pack_into("<L", out, 4, offsets[-1])
    return bytes(out)


def _directory(out: bytearray, entries: list[tuple[int, int, Any]]) -> int:
    rows = []
    for tag, kind, values in entries:
        form = FORMS[kind]
        packed = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{form[-1]}", *values)
        count = len(values) // len(form) if form[0] == "2" else len(values)
        if len(packed) > 4:
            rows.append(struct.pack("<HHLL", tag, kind, count, len(out)))
            out += packed + b"\0" * (-len(packed) % 4)
        else:
            rows.append(struct.pack("<HHL4s", tag, kind, count, packed))
    start = len(out)
    out += struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
    return start
