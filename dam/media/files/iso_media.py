"""Tell audio from video in ISO base media files (MP4, M4A, 3GP): their brand says little of what they hold."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import PurePath
from typing import BinaryIO, TypeAlias

from dam.media.files.boxes import boxes

OpenContent: TypeAlias = Callable[[], AbstractContextManager[BinaryIO]]

_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ")
_AUDIO_EXTENSIONS = (".m4a", ".m4b", ".m4p", ".m4r", ".aax", ".f4a")
_MOBILE_BRANDS = {b"3gp": "3gpp", b"3ge": "3gpp", b"3gr": "3gpp", b"3gs": "3gpp", b"3gg": "3gpp", b"3g2": "3gpp2"}


def iso_media_type(head: bytes, name: str, open_content: OpenContent | None) -> str:
    """Return the media type of a file with an `ftyp` box, such as `video/mp4`, `audio/mp4` or `video/3gpp`.

    The extension and the brand of audio decide; else the tracks do, in the head or else in the content.
    """
    brand = head[8:12]
    subtype = "quicktime" if brand == b"qt  " else _MOBILE_BRANDS.get(brand[:3], "mp4")
    if brand in _AUDIO_BRANDS or PurePath(name).suffix.lower() in _AUDIO_EXTENSIONS:
        return "audio/mp4"
    handlers = _handlers(io.BytesIO(head))
    if not handlers and open_content:
        with open_content() as content:
            handlers = _handlers(content)
    is_audio = b"soun" in handlers and handlers.isdisjoint((b"vide", b"auxv", b"pict"))
    return f"audio/{'mp4' if subtype == 'quicktime' else subtype}" if is_audio else f"video/{subtype}"


def _handlers(stream: BinaryIO) -> set[bytes]:
    """Return the handler types of the tracks; none if the box of the movie is not whole (ISO/IEC 14496-12, 8.4.3)."""
    end = stream.seek(0, 2)
    stream.seek(0)
    found: set[bytes] = set()
    for box_type, length in boxes(stream):
        if box_type == b"moov" and stream.tell() + length <= end:
            movie_end = stream.tell() + length
            for track_type, track_length in boxes(stream, movie_end):
                if track_type == b"trak":
                    found |= _handlers_of_track(stream, stream.tell() + track_length)
    return found


def _handlers_of_track(stream: BinaryIO, end: int) -> set[bytes]:
    found: set[bytes] = set()
    for media_type, length in boxes(stream, end):
        if media_type == b"mdia":
            for box_type, size in boxes(stream, stream.tell() + length):
                if box_type == b"hdlr" and size >= 12:  # noqa: PLR2004  version, predefined, handler type
                    found.add(stream.read(12)[8:])
    return found
