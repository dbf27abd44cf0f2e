"""Animated GIF, WebP and PNG: how many frames, for how long, and how often. Nothing is decoded.

Formats: GIF89a with the NETSCAPE2.0 extension, RFC 9649 (WebP), W3C PNG Third Edition.
"""

import struct
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

MAX_PARTS = 1_000_000
"""Parts of a file that are looked at."""

_GIF_IMAGE, _GIF_EXTENSION, _GIF_CONTROL, _GIF_APPLICATION = 0x2C, 0x21, 0xF9, 0xFF
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_SHORT = 256
"""Longer chunks than this are not those that speak of the animation."""


class Animation(NamedTuple):
    """The frames of a picture: there are at least two."""

    frames: int
    duration_ms: int
    """For how long the frames are shown once, as the file says; what delays of 0 mean is up to the viewer."""
    loops: int | None
    """How many times it is shown; 0 for ever."""


def read_animation(stream: BinaryIO, media_type: str) -> Animation | None:
    """Return the frames of an animation; None for a still picture, other formats and damaged files."""
    read = _READERS.get(media_type)
    try:
        found = read(stream) if read else None
    except (struct.error, IndexError):  # cut off
        return None
    return found if found and found.frames > 1 else None


def _gif(stream: BinaryIO) -> Animation | None:
    head = stream.read(13)
    _skip_colours(stream, head[10])
    frames, duration, loops = 0, 0, 1
    for _ in range(MAX_PARTS):
        kind = stream.read(1)
        if kind == bytes([_GIF_IMAGE]):
            frames += 1
            _skip_colours(stream, stream.read(9)[8])
            stream.seek(1, 1)
            _blocks(stream)
        elif kind == bytes([_GIF_EXTENSION]):
            label = stream.read(1)[0]
            blocks = _blocks(stream)
            if label == _GIF_CONTROL:
                duration += 10 * struct.unpack_from("<H", blocks[0], 1)[0]
            elif label == _GIF_APPLICATION and blocks[:1] and blocks[0] in _GIF_LOOPS and len(blocks[1]) == 3:  # noqa: PLR2004
                again = struct.unpack_from("<H", blocks[1], 1)[0]
                loops = again + 1 if again else 0
        else:
            break
    return Animation(frames, duration, loops)


def _skip_colours(stream: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        stream.seek(3 << (flags & 7) + 1, 1)


def _blocks(stream: BinaryIO) -> list[bytes]:
    """Return the first two sub-blocks, and go to the end of all."""
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
        head = stream.read(8)
        if len(head) < 8 or stream.tell() > size + 8:  # noqa: PLR2004  the head of a chunk
            break
        name, length = struct.unpack("<4sI", head)
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
        head = stream.read(8)
        if len(head) < 8:  # noqa: PLR2004  the head of a chunk
            break
        length, name = struct.unpack(">I4s", head)
        if name == b"IEND" or (name == b"IDAT" and loops is None):  # a still picture
            break
        data = stream.read(length) if length < _SHORT else b""
        if name == b"acTL":
            loops = struct.unpack_from(">I", data, 4)[0]
        elif name == b"fcTL":
            above, below = struct.unpack_from(">HH", data, 20)
            frames, duration = frames + 1, duration + 1000 * above / (below or 100)
        stream.seek((0 if data else length) + 4, 1)
    return Animation(frames, round(duration), None if loops is None or loops >= 1 << 31 else loops)


_READERS: dict[str, Callable[[BinaryIO], Animation | None]] = {
    "image/gif": _gif,
    "image/png": _png,
    "image/webp": _webp,
}
