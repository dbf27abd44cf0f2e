"""Finding the blocks of EXIF, IPTC and XMP in image files of every format."""

import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.media.files.boxes import boxes
from dam.media.files.media_type import RAW_TYPES
from dam.media.images import decoding as image
from dam.media.images import heif, raw

if TYPE_CHECKING:
    from PIL.Image import Exif

MAX_BYTES = 4 * 1024 * 1024
"""Blocks that are longer are not read."""

_XMP_TAG, _IPTC_TAG = 700, 33723
_IPTC_RESOURCE, _EXIF_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0422, 0x0424
_OTHER_TIFF = (b"IIRO", b"IIRS", b"IIU\0")
"""How TIFF files of some cameras begin, in place of `II*` and a NUL."""

_DIRECTORIES = {b"CMT1": None, b"CMT2": 0x8769, b"CMT4": 0x8825}
"""The boxes of a CR3 file with directories of EXIF, and the tags that point at such directories elsewhere."""


@dataclass(frozen=True)
class Blocks:
    """The blocks of a file, as they are; of what is a TIFF file itself, EXIF as Pillow reads it."""

    exif: "Exif | bytes | None" = None
    iptc: bytes | None = None
    xmp: bytes | None = None
    orientation: int | None = None
    """What takes the place of the orientation in EXIF."""


def find_blocks(stream: BinaryIO, media_type: str) -> Blocks:
    """Find the blocks without decoding the picture."""
    if media_type == "image/jpeg" and not _has_segments(stream):
        return Blocks()
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata: what cannot be read is left out
        if media_type in RAW_TYPES:
            return _in_raw(stream)
        if media_type == "image/jxl":
            return _in_jpeg_xl(stream)
        if media_type in heif.MEDIA_TYPES:
            return _in_heif(stream)
        return _in_picture(stream, media_type) if media_type in image.WITH_PILLOW else Blocks()


def _has_segments(stream: BinaryIO) -> bool:
    """Tell whether a JPEG file has EXIF, XMP or IPTC, so that the many that have none cost next to nothing."""
    stream.seek(2)
    while True:
        head = stream.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA:  # noqa: PLR2004  the scan begins
            return False
        if head[1] in (0xE1, 0xED):
            return True
        stream.seek(max(0, int.from_bytes(head[2:]) - 2), 1)


def _in_picture(stream: BinaryIO, media_type: str) -> Blocks:
    """Find the blocks in what Pillow opens."""
    from PIL import Image  # noqa: PLC0415  an optional library

    with Image.open(stream, formats=image.WITH_PILLOW[media_type]) as picture:
        if picture.format == "PSD":
            return _in_resources({number: data for number, _, data in getattr(picture, "resources", ())})
        if picture.format == "TIFF":
            return _in_tiff(picture.getexif())
        if picture.format == "PNG" and "exif" not in picture.info and "Raw profile type exif" in picture.info:
            return Blocks(picture.getexif(), xmp=_bounded(picture.info.get("xmp")))
        resources = picture.info.get("photoshop")
        iptc = resources.get(_IPTC_RESOURCE) if isinstance(resources, Mapping) else None
        return Blocks(_bounded(picture.info.get("exif")), _bounded(iptc), _bounded(picture.info.get("xmp")))


def _in_heif(stream: BinaryIO) -> Blocks:
    from pillow_heif import open_heif  # noqa: PLC0415  an optional library

    info: Mapping[str, Any] = open_heif(stream).info
    exif, xmp = _bounded(info.get("exif")), _bounded(info.get("xmp"))
    return Blocks(exif, xmp=xmp, orientation=info.get("original_orientation"))  # pillow-heif makes it 1 in EXIF


def _in_resources(resources: Mapping[int, Any]) -> Blocks:
    """Find the blocks in the resources of a Photoshop file."""
    return Blocks(
        _bounded(resources.get(_EXIF_RESOURCE)),
        _bounded(resources.get(_IPTC_RESOURCE)),
        _bounded(resources.get(_XMP_RESOURCE)),
    )


def _in_tiff(exif: "Exif") -> Blocks:
    return Blocks(exif, _bounded(exif.get(_IPTC_TAG)), _bounded(exif.get(_XMP_TAG)))


def _in_raw(stream: BinaryIO) -> Blocks:
    """Find the blocks in a RAW file: nearly all are TIFF files at heart."""
    from PIL.Image import Exif  # noqa: PLC0415  an optional library

    head = stream.read(16)
    if head.startswith(b"FUJIFILM"):
        return _in_fuji(stream)
    if head[4:8] == b"ftyp":
        return _in_canon_boxes(stream)
    stream.seek(0)
    if head.startswith(_OTHER_TIFF):
        stream = io.BytesIO(b"II*\0" + stream.read(raw.MAX_BYTES)[4:])
    elif head.startswith(b"MMOR"):
        stream = io.BytesIO(b"MM\0*" + stream.read(raw.MAX_BYTES)[4:])
    exif = Exif()
    exif.load_from_fp(stream)
    return _in_tiff(exif)


def _in_fuji(stream: BinaryIO) -> Blocks:
    """Find the blocks in the JPEG file within a RAF file."""
    stream.seek(84)
    offset, length = struct.unpack(">II", stream.read(8))
    stream.seek(offset)
    return find_blocks(io.BytesIO(stream.read(min(length, raw.MAX_BYTES))), "image/jpeg")


def _in_canon_boxes(stream: BinaryIO) -> Blocks:
    """Find the blocks in a CR3 file: each directory of EXIF stands in a box of its own."""
    from PIL.Image import Exif  # noqa: PLC0415  an optional library

    stream.seek(0)
    parts: dict[bytes, bytes] = {}
    for kind, length in boxes(stream):
        if kind == b"moov":
            end = stream.tell() + length
            for inner, inner_length in boxes(stream, end):
                if inner == b"uuid":
                    inner_end = stream.tell() + inner_length
                    stream.seek(16, 1)
                    parts |= {
                        name: stream.read(size)
                        for name, size in boxes(stream, inner_end)
                        if name.startswith(b"CMT") and size <= MAX_BYTES
                    }
    merged = Exif()
    for name, pointer in _DIRECTORIES.items():
        if data := parts.get(name):
            part = Exif()
            part.load(data)
            (merged if pointer is None else merged.get_ifd(pointer)).update(
                {tag: part[tag] for tag in part if tag not in _DIRECTORIES.values()}
            )
    return Blocks(merged)


def _in_jpeg_xl(stream: BinaryIO) -> Blocks:
    found: dict[bytes, bytes] = {}
    for kind, length in boxes(stream):
        if kind not in (b"Exif", b"xml ", b"brob") or length > MAX_BYTES:
            continue
        data = stream.read(length)
        if kind == b"brob":
            found.setdefault(data[:4], _unpacked(data[4:]))
        else:
            found.setdefault(kind, data)
    exif = found.get(b"Exif")
    start = 4 + int.from_bytes(exif[:4]) if exif else 0
    return Blocks(exif[start:] if exif else None, xmp=found.get(b"xml "))


def _unpacked(data: bytes) -> bytes:
    """Return what a box of JPEG XL has packed, up to the bound."""
    import imagecodecs  # noqa: PLC0415  an optional library

    try:
        return bytes(imagecodecs.brotli_decode(data, out=MAX_BYTES))
    except imagecodecs.BrotliError:  # damaged, or more than the bound
        return b""


def _bounded(block: object) -> bytes | None:
    """Return a block that can be read, or None."""
    if isinstance(block, tuple):  # how Pillow gives some tags of a TIFF file
        block = block[0] if len(block) == 1 else bytes(block) if all(isinstance(item, int) for item in block) else None
    if isinstance(block, str):
        block = block.encode("utf-8", "surrogateescape")
    return block if isinstance(block, bytes) and 0 < len(block) <= MAX_BYTES else None
