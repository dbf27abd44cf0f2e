"""Lines of the manifest: `crc32 SP json`; see `doc/store_format.md`. A line carries what happened to a few rows.

The lines of one transaction are a batch. Each has the number `b` of its batch, counted from 1, and its place `i` among
the `of` lines of the batch. So a reader notices lines that are missing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring_ascii
from typing import Any
from zlib import crc32

FORMAT = 1
CRC_DIGITS = 8
MAX_BATCH = 2**63 - 1
"""The largest id that a database has."""
quoted = encode_basestring_ascii
"""Returns a text as a JSON string."""


@dataclass(frozen=True)
class Line:
    """A line of a batch."""

    batch: int
    index: int
    count: int
    content: Mapping[str, Any]

    @property
    def is_last(self) -> bool:
        """Whether it is the last line of its batch."""
        return self.index == self.count


@dataclass(frozen=True)
class Header:
    """The first line of a segment."""

    library_id: str


def body(content: Mapping[str, Any]) -> str:
    """Return the JSON of what a line says, without braces: times in ISO 8601, bytes as hexadecimal digits."""
    return json.dumps(content, separators=(",", ":"), default=_plain)[1:-1]


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def numbered(batch: int, bodies: Sequence[str]) -> str:
    """Return the lines of a batch."""
    count = len(bodies)
    texts = [f'{{"b":{batch},"i":{index},"of":{count},{each}}}' for index, each in enumerate(bodies, 1)]
    return "".join([f"{crc32(text.encode('ascii')):08x} {text}\n" for text in texts])


def header(library_id: str) -> bytes:
    """Return the first line of a segment."""
    text = f'{{"format":{FORMAT},"library":{quoted(library_id)}}}'
    return f"{crc32(text.encode('ascii')):08x} {text}\n".encode("ascii")


def parse(raw: bytes) -> Line | Header | None:
    """Return what a line says; None if it is damaged. `raw` ends with a newline unless the line is torn."""
    if not raw.endswith(b"\n") or raw[CRC_DIGITS : CRC_DIGITS + 1] != b" ":
        return None
    text = raw[CRC_DIGITS + 1 : -1]
    if raw[:CRC_DIGITS] != b"%08x" % crc32(text):
        return None
    try:
        content = json.loads(text)
        if "format" in content:
            return Header(str(content["library"]))
        batch, index, count = int(content["b"]), int(content["i"]), int(content["of"])
    except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
        return None
    return Line(batch, index, count, content) if 0 < batch <= MAX_BATCH and 0 < index <= count else None
