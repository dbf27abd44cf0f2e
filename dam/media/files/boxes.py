"""Iterate over the boxes of ISO base media files: HEIF, JPEG XL, Canon CR3 (ISO/IEC 14496-12, section 4.2)."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAX_BOXES = 1000


def boxes(stream: BinaryIO, end: int | None = None) -> Iterator[tuple[bytes, int]]:
    """Yield the type of each box and the length of its payload in bytes.

    Iteration starts at the stream's position, stops at offset `end` or at the first invalid header, and yields at most
    `MAX_BOXES` boxes. At each step the stream is positioned at the payload; the caller may move it.
    """
    offset = stream.tell()
    for _ in range(MAX_BOXES):
        stream.seek(offset)
        header = stream.read(8)
        if len(header) < 8 or (end is not None and offset + 8 > end):  # noqa: PLR2004  the header of a box
            return
        size, box_type = struct.unpack(">I4s", header)
        payload = offset + 8
        if size == 1:
            large_size = stream.read(8)
            if len(large_size) < 8:  # noqa: PLR2004  a 64-bit size
                return
            size, payload = int.from_bytes(large_size), offset + 16
        elif size == 0:
            size = (stream.seek(0, 2) if end is None else end) - offset
            stream.seek(payload)
        if size < payload - offset or size > 1 << 62:
            return
        yield box_type, size - (payload - offset)
        offset += size
