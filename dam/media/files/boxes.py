"""The boxes that HEIF, JPEG XL and Canon's CR3 files are made of (ISO/IEC 14496-12, section 4.2)."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAX_BOXES = 1000


def boxes(stream: BinaryIO, end: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Yield the type of each box and how many bytes of content follow, from here to `end`.

    The stream then stands at the content; wherever it is moved to, the walk goes on behind the box. It ends at what is
    no box.
    """
    at = stream.tell()
    for _ in range(MAX_BOXES):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8 or (end is not None and at + 8 > end):  # noqa: PLR2004  the head of a box
            return
        size, kind = struct.unpack(">I4s", head)
        begin = at + 8
        if size == 1:
            wide = stream.read(8)
            if len(wide) < 8:  # noqa: PLR2004  a 64-bit size
                return
            size, begin = int.from_bytes(wide), at + 16
        elif size == 0:
            size = (stream.seek(0, 2) if end is None else end) - at
            stream.seek(begin)
        if size < begin - at or size > 1 << 62:
            return
        yield kind, size - (begin - at)
        at += size
