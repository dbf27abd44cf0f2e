"""Compute a digest of the compressed image data of a file, without metadata.

The digest covers the segments or chunks of a JPEG, PNG, WebP or GIF file that a decoder needs for the pixels. It skips
EXIF, XMP, IPTC, comments, thumbnails and colour profiles, so a change of metadata leaves it unchanged. Data after the
end of the image, such as the video of a motion photo, is not metadata and is included.

Formats: ITU-T T.81 (JPEG), W3C PNG Third Edition, RFC 9649 (WebP), GIF89a.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024

_SOS = 0xDA
_APP0, _APP14, _APP15, _COM, _TEM = 0xE0, 0xEE, 0xEF, 0xFE, 0x01
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL"})
_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_GIF_IMAGE, _GIF_EXTENSION, _GIF_TRAILER = 0x2C, 0x21, 0x3B
_GIF_EXTENSIONS = frozenset({0x01, 0xF9})
_GIF_LOOP_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


class _MalformedError(Exception):
    """The file violates its format."""


def image_data_digest(stream: BinaryIO, media_type: str) -> str | None:
    """Return the SHA-256 of the compressed image data, 64 hexadecimal digits.

    Returns None for other formats and for damaged files.
    """
    read = _READERS.get(media_type)
    if read is None:
        return None
    digest = hashlib.sha256(media_type.encode())
    try:
        for part in read(stream):
            digest.update(part)
    except (_MalformedError, struct.error, IndexError):
        return None
    return digest.hexdigest()


def _jpeg(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the table and frame segments up to the first scan, and everything from there on."""
    _expect(_read_exactly(stream, 2) == b"\xff\xd8")
    while True:
        _expect(_read_exactly(stream, 1) == b"\xff")
        marker = _read_exactly(stream, 1)
        while marker == b"\xff":  # fill bytes
            marker = _read_exactly(stream, 1)
        kind = marker[0]
        if kind == _TEM:
            continue
        (length,) = struct.unpack(">H", _read_exactly(stream, 2))
        segment = _read_exactly(stream, length - 2)
        if kind == _APP14 and segment.startswith(b"Adobe"):
            yield b"Adobe" + segment[-1:]  # the colour transform
        elif not (_APP0 <= kind <= _APP15 or kind == _COM):
            yield marker + struct.pack(">H", length) + segment
        if kind == _SOS:
            yield from _rest(stream)
            return


def _png(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the critical, transparency and animation chunks; the division of the stream into IDAT chunks is ignored."""
    _expect(_read_exactly(stream, 8) == b"\x89PNG\r\n\x1a\n")
    while True:
        length, name = struct.unpack(">I4s", _read_exactly(stream, 8))
        if name in _PNG_CHUNKS:
            yield name + struct.pack(">I", length)
            yield from _chunks(stream, length)
        elif name == b"IDAT":
            yield from _chunks(stream, length)
        elif name == b"fdAT":
            stream.seek(4, 1)  # its sequence number
            yield from _chunks(stream, length - 4)
        else:
            stream.seek(length, 1)
        _read_exactly(stream, 4)  # the checksum
        if name == b"IEND":
            yield from _rest(stream)
            return


def _webp(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the image chunks, and for animations the canvas size."""
    riff, size, form = struct.unpack("<4sI4s", _read_exactly(stream, 12))
    _expect(riff == b"RIFF" and form == b"WEBP")
    left = size - 4
    canvas = b""
    while left >= 8:  # noqa: PLR2004  the header of a chunk
        name, length = struct.unpack("<4sI", _read_exactly(stream, 8))
        padded = length + length % 2
        left -= 8 + padded
        _expect(left >= 0)
        if name == b"VP8X":
            canvas = _read_exactly(stream, padded)[4:10]
        elif name in _WEBP_CHUNKS:
            yield (canvas if name == b"ANIM" else b"") + name + struct.pack("<I", length)
            yield from _chunks(stream, padded)
        else:
            stream.seek(padded, 1)
    yield from _rest(stream)


def _gif(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the logical screen, the frames and the extensions that control them."""
    _expect(_read_exactly(stream, 6) in (b"GIF87a", b"GIF89a"))
    screen = _read_exactly(stream, 7)
    yield screen + _colour_table(stream, screen[4])
    while True:
        kind = _read_exactly(stream, 1)[0]
        if kind == _GIF_TRAILER:
            yield from _rest(stream)
            return
        if kind == _GIF_IMAGE:
            header = _read_exactly(stream, 9)
            yield b"," + header + _colour_table(stream, header[8]) + _read_exactly(stream, 1)
            yield from _sub_blocks(stream)
        else:
            _expect(kind == _GIF_EXTENSION)
            label = _read_exactly(stream, 1)[0]
            sub_blocks = b"".join(_sub_blocks(stream))
            if label in _GIF_EXTENSIONS or sub_blocks[1:12] in _GIF_LOOP_APPLICATIONS:
                yield b"!" + bytes([label]) + sub_blocks


def _colour_table(stream: BinaryIO, flags: int) -> bytes:
    """Read the colour table that the flags declare."""
    return _read_exactly(stream, 3 << (flags & 7) + 1) if flags & 0x80 else b""


def _sub_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the sub-blocks of a GIF with their lengths, up to the terminator."""
    while True:
        length = _read_exactly(stream, 1)
        yield length
        if length == b"\0":
            return
        yield _read_exactly(stream, length[0])


def _read_exactly(stream: BinaryIO, count: int) -> bytes:
    _expect(count >= 0)
    data = stream.read(count)
    _expect(len(data) == count)
    return data


def _chunks(stream: BinaryIO, count: int) -> Iterator[bytes]:
    """Yield the next `count` bytes in chunks."""
    _expect(count >= 0)
    while count:
        data = stream.read(min(count, CHUNK_BYTES))
        _expect(bool(data))
        count -= len(data)
        yield data


def _rest(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(CHUNK_BYTES):
        yield data


def _expect(condition: bool) -> None:  # noqa: FBT001  reads as an assertion
    if not condition:
        raise _MalformedError


_READERS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
}
