"""Extract the EXIF, IPTC and XMP blocks of image files."""

import io
import struct
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
"""Maximum size of a block; larger ones are ignored."""

_XMP_TAG, _IPTC_TAG = 700, 33723
_IPTC_RESOURCE, _EXIF_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0422, 0x0424
_OTHER_TIFF = (b"IIRO", b"IIRS", b"IIU\0")
"""Byte order marks of some cameras' TIFF files, in place of `II*` and a NUL."""

_DIRECTORIES = {b"CMT1": None, b"CMT2": 0x8769, b"CMT4": 0x8825}
"""Boxes of a CR3 file that hold an EXIF directory (IFD), and the tags that point to the same directories in TIFF."""


@dataclass(frozen=True)
class Blocks:
    """Undecoded metadata blocks of a file. For TIFF files, EXIF is the directory that Pillow has read."""

    exif: "Exif | bytes | None" = None
    iptc: bytes | None = None
    xmp: bytes | None = None
    orientation: int | None = None
    """Orientation that overrides the one in EXIF, 1 to 8."""


def find_blocks(stream: BinaryIO, media_type: str) -> Blocks:
    """Return the metadata blocks of an image file, without decoding pixels.

    Pillow, libheif and imagecodecs may raise any exception for damaged content.
    """
    if media_type == "image/jpeg" and not _has_segments(stream):
        return Blocks()
    stream.seek(0)
    if media_type in RAW_TYPES:
        return _from_raw(stream)
    if media_type == "image/jxl":
        return _from_jpeg_xl(stream)
    if media_type in heif.MEDIA_TYPES:
        return _from_heif(stream)
    return _from_pillow(stream, media_type) if media_type in image.WITH_PILLOW else Blocks()


def _has_segments(stream: BinaryIO) -> bool:
    """Return whether a JPEG file has an APP1 or APP13 segment: a cheap test that many files fail."""
    stream.seek(2)
    while True:
        header = stream.read(4)
        if len(header) < 4 or header[0] != 0xFF or header[1] == 0xDA:  # noqa: PLR2004  start of scan
            return False
        if header[1] in (0xE1, 0xED):
            return True
        stream.seek(max(0, int.from_bytes(header[2:]) - 2), 1)


def _from_pillow(stream: BinaryIO, media_type: str) -> Blocks:
    """Return the blocks of an image that Pillow opens."""
    from PIL import Image  # noqa: PLC0415  an optional library

    with Image.open(stream, formats=image.WITH_PILLOW[media_type]) as picture:
        if picture.format == "PSD":
            return _from_resources({number: data for number, _, data in getattr(picture, "resources", ())})
        if picture.format == "TIFF":
            return _from_tiff(picture.getexif())
        if picture.format == "PNG" and "exif" not in picture.info and "Raw profile type exif" in picture.info:
            return Blocks(picture.getexif(), xmp=_bounded(picture.info.get("xmp")))
        resources = picture.info.get("photoshop")
        iptc = resources.get(_IPTC_RESOURCE) if isinstance(resources, Mapping) else None
        return Blocks(_bounded(picture.info.get("exif")), _bounded(iptc), _bounded(picture.info.get("xmp")))


def _from_heif(stream: BinaryIO) -> Blocks:
    from pillow_heif import open_heif  # noqa: PLC0415  an optional library

    info: Mapping[str, Any] = open_heif(stream).info
    exif, xmp = _bounded(info.get("exif")), _bounded(info.get("xmp"))
    return Blocks(exif, xmp=xmp, orientation=info.get("original_orientation"))  # pillow-heif resets it to 1 in EXIF


def _from_resources(resources: Mapping[int, Any]) -> Blocks:
    """Return the blocks in the image resources of a Photoshop file."""
    return Blocks(
        _bounded(resources.get(_EXIF_RESOURCE)),
        _bounded(resources.get(_IPTC_RESOURCE)),
        _bounded(resources.get(_XMP_RESOURCE)),
    )


def _from_tiff(exif: "Exif") -> Blocks:
    return Blocks(exif, _iptc(exif), _bounded(exif.get(_XMP_TAG)))


def _iptc(exif: "Exif") -> bytes | None:
    """Return the IPTC of a TIFF file. Many programs say that it is of 32-bit numbers: Pillow then keeps the first."""
    undecoded = getattr(getattr(exif, "_info", None), "_tagdata", {})  # Pillow's own reader of IPTC does so, too
    block = _bounded(undecoded.get(_IPTC_TAG) or exif.get(_IPTC_TAG))
    if block and block[3:4] == b"\x1c" != block[:1]:  # a program took the numbers for such, and swapped their bytes
        block = b"".join(block[place : place + 4][::-1] for place in range(0, len(block), 4))
    return block


def _from_raw(stream: BinaryIO) -> Blocks:
    """Return the blocks of a RAW file; nearly all RAW formats are based on TIFF."""
    from PIL.Image import Exif  # noqa: PLC0415  an optional library

    header = stream.read(16)
    if header.startswith(b"FUJIFILM"):
        return _from_raf(stream)
    if header[4:8] == b"ftyp":
        return _from_cr3(stream)
    stream.seek(0)
    if header.startswith(_OTHER_TIFF):
        stream = io.BytesIO(b"II*\0" + stream.read(raw.MAX_BYTES)[4:])
    elif header.startswith(b"MMOR"):
        stream = io.BytesIO(b"MM\0*" + stream.read(raw.MAX_BYTES)[4:])
    exif = Exif()
    exif.load_from_fp(stream)
    return _from_tiff(exif)


def _from_raf(stream: BinaryIO) -> Blocks:
    """Return the blocks of the JPEG file embedded in a Fujifilm RAF file."""
    stream.seek(84)
    offset, length = struct.unpack(">II", stream.read(8))
    stream.seek(offset)
    return find_blocks(io.BytesIO(stream.read(min(length, raw.MAX_BYTES))), "image/jpeg")


def _from_cr3(stream: BinaryIO) -> Blocks:
    """Return the blocks of a Canon CR3 file, which has each EXIF directory in its own box."""
    from PIL.Image import Exif  # noqa: PLC0415  an optional library

    stream.seek(0)
    directories: dict[bytes, bytes] = {}
    for box_type, length in boxes(stream):
        if box_type == b"moov":
            end = stream.tell() + length
            for inner_type, inner_length in boxes(stream, end):
                if inner_type == b"uuid":
                    inner_end = stream.tell() + inner_length
                    stream.seek(16, 1)
                    directories |= {
                        name: stream.read(size)
                        for name, size in boxes(stream, inner_end)
                        if name.startswith(b"CMT") and size <= MAX_BYTES
                    }
    merged = Exif()
    for name, pointer in _DIRECTORIES.items():
        if data := directories.get(name):
            directory = Exif()
            directory.load(data)
            (merged if pointer is None else merged.get_ifd(pointer)).update(
                {tag: directory[tag] for tag in directory if tag not in _DIRECTORIES.values()}
            )
    return Blocks(merged)


def _from_jpeg_xl(stream: BinaryIO) -> Blocks:
    payloads: dict[bytes, bytes] = {}
    for box_type, length in boxes(stream):
        if box_type not in (b"Exif", b"xml ", b"brob") or length > MAX_BYTES:
            continue
        data = stream.read(length)
        if box_type == b"brob":
            payloads.setdefault(data[:4], _decompressed(data[4:]))
        else:
            payloads.setdefault(box_type, data)
    exif = payloads.get(b"Exif")
    offset = 4 + int.from_bytes(exif[:4]) if exif else 0
    return Blocks(exif[offset:] if exif else None, xmp=payloads.get(b"xml "))


def _decompressed(data: bytes) -> bytes:
    """Return the content of a Brotli-compressed box; empty if it is damaged or larger than `MAX_BYTES`."""
    import imagecodecs  # noqa: PLC0415  an optional library

    try:
        return bytes(imagecodecs.brotli_decode(data, out=MAX_BYTES))
    except imagecodecs.BrotliError:
        return b""


def _bounded(block: object) -> bytes | None:
    """Return a block as bytes; None if it is empty, too large, or not bytes."""
    if isinstance(block, tuple):  # Pillow's form of some TIFF tags
        block = block[0] if len(block) == 1 else bytes(block) if all(isinstance(item, int) for item in block) else None
    if isinstance(block, str):
        block = block.encode("utf-8", "surrogateescape")
    return block if isinstance(block, bytes) and 0 < len(block) <= MAX_BYTES else None
