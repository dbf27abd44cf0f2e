"""Lines about files, which are nearly all lines of a manifest, read without parsing their JSON.

They are recognised only in the very form in which this program writes them; any other line is parsed. What follows the
numbers of a line is its body: equal bodies tell of equal rows.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from dam.services.manifest.lines import CRC_DIGITS, Header, Line, parse


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line about a new asset, or about a source of an asset."""

    batch: int
    index: int
    count: int
    entity_id: int
    body: bytes
    """Its JSON without the numbers and the braces."""

    @property
    def is_last(self) -> bool:
        """Whether it is the last line of its batch."""
        return self.index == self.count

    @property
    def content(self) -> Mapping[str, Any]:
        """What it says, parsed."""
        parsed: Mapping[str, Any] = json.loads(b"{%s}" % self.body)
        return parsed


_TEXT = rb'"[ !#-\[\]-~]*(?:\\(?:["\\/bfnrt]|u[0-9a-f]{4})[ !#-\[\]-~]*)*"'
_INTEGER = rb"-?(?:0|[1-9]\d{0,18})"
_ASSET = (
    rb'"asset":(\d{1,18}),"sha256":"[0-9a-f]{64}","md5":"[0-9a-f]{32}","size":INTEGER,"name":TEXT,"type":TEXT,'
    rb'"in":TEXT,"at":TEXT'
)
_SOURCE = (
    rb'"source":(\d{1,18}),(?:"path":TEXT|"path_hex":"(?:[0-9a-f]{2})*"),"name":TEXT,"size":INTEGER,'
    rb'"mtime_ns":INTEGER,"ctime_ns":(?:null|INTEGER),"inode":INTEGER,"at":TEXT'
)
_NUMBER = rb"([1-9]\d{0,17})"


def _pattern(body: bytes) -> re.Pattern[bytes]:
    numbers = rb'\{"b":%s,"i":%s,"of":%s,' % (_NUMBER, _NUMBER, _NUMBER)
    return re.compile(numbers + b"(" + body.replace(b"TEXT", _TEXT).replace(b"INTEGER", _INTEGER) + rb")\}")


_ASSET_LINE, _SOURCE_LINE = _pattern(_ASSET), _pattern(_SOURCE)


def parse_quickly(raw: bytes) -> FileLine | Line | Header | None:
    """Return what a line says; None if it is damaged. `raw` ends with a newline unless the line is torn."""
    text = raw[CRC_DIGITS + 1 : -1]
    found = _SOURCE_LINE.fullmatch(text) or _ASSET_LINE.fullmatch(text)
    if found is None:
        return parse(raw)
    if raw[:CRC_DIGITS] != b"%08x" % crc32(text) or raw[CRC_DIGITS : CRC_DIGITS + 1] != b" " or raw[-1:] != b"\n":
        return None
    batch, index, count, body, entity_id = found.groups()
    if int(index) > int(count):
        return None
    return FileLine(int(batch), int(index), int(count), int(entity_id), body)
