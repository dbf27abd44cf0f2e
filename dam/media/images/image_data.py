"""The compressed picture in an image file, apart from what is said about it.

Of a JPEG, PNG, WebP or GIF file these are the parts that a decoder needs for the pixels. EXIF, XMP, IPTC, comments,
thumbnails and colour profiles are left out, so a digest of the rest stays the same when only metadata are written.
What follows the picture's end in the file (the video of a motion photo, say) is no metadata, and belongs to it.

Formats: ITU-T T.81 (JPEG), W3C PNG Third Edition, RFC 9649 (WebP), GIF89a.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024

_SOS = 0xDA
_APP0, _ADOBE, _APP15, _COMMENT, _TEMPORARY = 0xE0, 0xEE, 0xEF, 0xFE, 0x01
_PNG_PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"acTL", b"fcTL"})
_PNG_STREAMS = frozenset({b"IDAT", b"fdAT"})
_WEBP_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_GIF_IMAGE, _GIF_EXTENSION, _GIF_TRAILER = 0x2C, 0x21, 0x3B
_GIF_KEPT_EXTENSIONS = frozenset({0x01, 0xF9})
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


class _NotUnderstoodError(Exception):
    """The file is not built as its format says."""


def image_data_digest(stream: BinaryIO, media_type: str) -> str | None:
    """Return the SHA-256 of the compressed picture, 64 digits, or None for other formats and damaged files."""
    parts = _PARTS.get(media_type)
    if parts is None:
        return None
    digest = hashlib.sha256(media_type.encode())
    try:
        for part in parts(stream):
            digest.update(part)
    except (_NotUnderstoodError, struct.error, IndexError):
        return None
    return digest.hexdigest()


def _jpeg(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the tables and frames up to the first scan, and all that follows it."""
    _expect(_exactly(stream, 2) == b"\xff\xd8")
    while True:
        _expect(_exactly(stream, 1) == b"\xff")
        marker = _exactly(stream, 1)
        while marker == b"\xff":  # fill bytes
            marker = _exactly(stream, 1)
        kind = marker[0]
        if kind == _TEMPORARY:
            continue
        (length,) = struct.unpack(">H", _exactly(stream, 2))
        segment = _exactly(stream, length - 2)
        if kind == _ADOBE and segment.startswith(b"Adobe"):
            yield b"Adobe" + segment[-1:]  # says how the colours are coded
        elif not (_APP0 <= kind <= _APP15 or kind == _COMMENT):
            yield marker + struct.pack(">H", length) + segment
        if kind == _SOS:
            yield from _rest(stream)
            return


def _png(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the critical chunks and those of animation and transparency; how a stream was cut up does not matter."""
    _expect(_exactly(stream, 8) == b"\x89PNG\r\n\x1a\n")
    while True:
        length, name = struct.unpack(">I4s", _exactly(stream, 8))
        if name in _PNG_PICTURE:
            yield name + struct.pack(">I", length)
            yield from _pieces(stream, length)
        elif name == b"IDAT":
            yield from _pieces(stream, length)
        elif name == b"fdAT":
            stream.seek(4, 1)  # its sequence number
            yield from _pieces(stream, length - 4)
        else:
            stream.seek(length, 1)
        _exactly(stream, 4)  # the checksum
        if name == b"IEND":
            yield from _rest(stream)
            return


def _webp(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the chunks with pixels. The canvas matters in an animation alone."""
    riff, size, form = struct.unpack("<4sI4s", _exactly(stream, 12))
    _expect(riff == b"RIFF" and form == b"WEBP")
    left = size - 4
    canvas = b""
    while left >= 8:  # noqa: PLR2004  the head of a chunk
        name, length = struct.unpack("<4sI", _exactly(stream, 8))
        padded = length + length % 2
        left -= 8 + padded
        _expect(left >= 0)
        if name == b"VP8X":
            canvas = _exactly(stream, padded)[4:10]
        elif name in _WEBP_PICTURE:
            yield (canvas if name == b"ANIM" else b"") + name + struct.pack("<I", length)
            yield from _pieces(stream, padded)
        else:
            stream.seek(padded, 1)
    yield from _rest(stream)


def _gif(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the screen, the frames and what controls them."""
    _expect(_exactly(stream, 6) in (b"GIF87a", b"GIF89a"))
    screen = _exactly(stream, 7)
    yield screen + _colours(stream, screen[4])
    while True:
        kind = _exactly(stream, 1)[0]
        if kind == _GIF_TRAILER:
            yield from _rest(stream)
            return
        if kind == _GIF_IMAGE:
            head = _exactly(stream, 9)
            yield b"," + head + _colours(stream, head[8]) + _exactly(stream, 1)
            yield from _blocks(stream)
        else:
            _expect(kind == _GIF_EXTENSION)
            label = _exactly(stream, 1)[0]
            blocks = b"".join(_blocks(stream))
            if label in _GIF_KEPT_EXTENSIONS or blocks[1:12] in _GIF_LOOPS:
                yield b"!" + bytes([label]) + blocks


def _colours(stream: BinaryIO, flags: int) -> bytes:
    """Return the colour table that the flags speak of."""
    return _exactly(stream, 3 << (flags & 7) + 1) if flags & 0x80 else b""


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the sub-blocks of a GIF up to the empty one, with their lengths."""
    while True:
        length = _exactly(stream, 1)
        yield length
        if length == b"\0":
            return
        yield _exactly(stream, length[0])


def _exactly(stream: BinaryIO, count: int) -> bytes:
    _expect(count >= 0)
    data = stream.read(count)
    _expect(len(data) == count)
    return data


def _pieces(stream: BinaryIO, count: int) -> Iterator[bytes]:
    """Yield the next `count` bytes in pieces."""
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
        raise _NotUnderstoodError


_PARTS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
}
