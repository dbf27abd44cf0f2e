"""Read frame count, duration and loop count of animated GIF, WebP and PNG, without decoding pixels.

Formats: GIF89a with the NETSCAPE2.0 extension, RFC 9649 (WebP), W3C PNG Third Edition.
"""

import struct
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

MAX_PARTS = 1_000_000
"""Maximum number of blocks or chunks that are read from a file."""

_GIF_IMAGE, _GIF_EXTENSION, _GIF_CONTROL, _GIF_APPLICATION = 0x2C, 0x21, 0xF9, 0xFF
_GIF_LOOP_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_MAX_CONTROL_BYTES = 256
"""Size below which a PNG chunk is read: acTL and fcTL are smaller."""


class Animation(NamedTuple):
    """Frame count and timing of an image with at least two frames."""

    frames: int
    duration_ms: int
    """Sum of the frame delays for one loop. Viewers differ in how they treat a delay of 0."""
    loops: int | None
    """Number of loops; 0 for endless, None where the file does not say."""


def read_animation(stream: BinaryIO, media_type: str) -> Animation | None:
    """Return the animation in an image file; None for still images, other formats and damaged files."""
    read = _READERS.get(media_type)
    try:
        animation = read(stream) if read else None
    except (struct.error, IndexError):  # truncated
        return None
    return animation if animation and animation.frames > 1 else None


def _gif(stream: BinaryIO) -> Animation | None:
    header = stream.read(13)
    _skip_colour_table(stream, header[10])
    frames, duration, loops = 0, 0, 1
    for _ in range(MAX_PARTS):
        kind = stream.read(1)
        if kind == bytes([_GIF_IMAGE]):
            frames += 1
            _skip_colour_table(stream, stream.read(9)[8])
            stream.seek(1, 1)
            _sub_blocks(stream)
        elif kind == bytes([_GIF_EXTENSION]):
            label = stream.read(1)[0]
            sub_blocks = _sub_blocks(stream)
            if label == _GIF_CONTROL:
                duration += 10 * struct.unpack_from("<H", sub_blocks[0], 1)[0]
            elif (
                label == _GIF_APPLICATION
                and sub_blocks[:1]
                and sub_blocks[0] in _GIF_LOOP_APPLICATIONS
                and len(sub_blocks[1]) == 3  # noqa: PLR2004
            ):
                repetitions = struct.unpack_from("<H", sub_blocks[1], 1)[0]
                loops = repetitions + 1 if repetitions else 0
        else:
            break
    return Animation(frames, duration, loops)


def _skip_colour_table(stream: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        stream.seek(3 << (flags & 7) + 1, 1)


def _sub_blocks(stream: BinaryIO) -> list[bytes]:
    """Return the first two sub-blocks, and move the stream past the last one."""
    first: list[bytes] = []
    while length := stream.read(1)[0]:
        if len(first) < 2:  # noqa: PLR2004
            first.append(stream.read(length))
        else:
            stream.seek(length, 1)
    return first


def _webp(stream: BinaryIO) -> Animation | None:
    riff, size, form = struct.unpack("<4sI4s", stream.read(12))
    if riff != b"RIFF" or form != b"WEBP":
        return None
    frames, duration, loops = 0, 0, None
    for _ in range(MAX_PARTS):
        header = stream.read(8)
        if len(header) < 8 or stream.tell() > size + 8:  # noqa: PLR2004  the header of a chunk
            break
        name, length = struct.unpack("<4sI", header)
        after = stream.tell() + length + length % 2
        if name == b"ANIM":
            loops = struct.unpack_from("<H", stream.read(6), 4)[0]
        elif name == b"ANMF":
            frames += 1
            duration += int.from_bytes(stream.read(16)[12:15], "little")
        elif name in (b"VP8 ", b"VP8L"):  # a still picture
            return None
        stream.seek(after)
    return Animation(frames, duration, loops)


def _png(stream: BinaryIO) -> Animation | None:
    stream.seek(8)
    frames, duration, loops = 0, 0.0, None
    for _ in range(MAX_PARTS):
        header = stream.read(8)
        if len(header) < 8:  # noqa: PLR2004  the header of a chunk
            break
        length, name = struct.unpack(">I4s", header)
        if name == b"IEND" or (name == b"IDAT" and loops is None):  # a still picture
            break
        data = stream.read(length) if length < _MAX_CONTROL_BYTES else b""
        if name == b"acTL":
            loops = struct.unpack_from(">I", data, 4)[0]
        elif name == b"fcTL":
            numerator, denominator = struct.unpack_from(">HH", data, 20)
            frames, duration = frames + 1, duration + 1000 * numerator / (denominator or 100)
        stream.seek((0 if data else length) + 4, 1)
    return Animation(frames, round(duration), None if loops is None or loops >= 1 << 31 else loops)


_READERS: dict[str, Callable[[BinaryIO], Animation | None]] = {
    "image/gif": _gif,
    "image/png": _png,
    "image/webp": _webp,
}
