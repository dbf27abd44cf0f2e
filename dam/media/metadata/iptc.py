"""Read IPTC-IIM (version 4.2) data sets, which agencies and older programs write."""

from collections.abc import Mapping
from typing import Any

from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment

_UTF_8 = b"\x1b%G"
_CODED_CHARACTER_SET = (1, 90)
_TAG_MARKER = 0x1C
_MAX_DATA_SETS = 4096

_NAMES = {
    5: "ObjectName",
    10: "Urgency",
    15: "Category",
    20: "SupplementalCategory",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    60: "TimeCreated",
    80: "Byline",
    85: "BylineTitle",
    90: "City",
    92: "SubLocation",
    95: "ProvinceState",
    100: "CountryCode",
    101: "Country",
    103: "TransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption",
    122: "Writer",
}


def table(block: bytes) -> dict[str, Any]:
    """Return the data sets of the application record (2) by name, each a list of texts."""
    data_sets = _data_sets(block)
    is_utf8 = any(key == _CODED_CHARACTER_SET and value == _UTF_8 for key, value in data_sets)
    named: dict[str, Any] = {}
    for (record, number), value in data_sets:
        text = clean.text(_decoded(value, is_utf8=is_utf8)) if record == 2 else None  # noqa: PLR2004
        if text and number:
            named.setdefault(_NAMES.get(number, f"2:{number}"), []).append(text)
    return named


def _decoded(value: bytes, *, is_utf8: bool) -> str:
    """Decode a text as UTF-8, with Latin-1 as the fallback unless the block declares UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode(errors="replace") if is_utf8 else value.decode("latin-1")


def _data_sets(block: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return the data sets as ((record, number), value), up to the first invalid one."""
    data_sets: list[tuple[tuple[int, int], bytes]] = []
    offset = 0
    while offset + 5 <= len(block) and block[offset] == _TAG_MARKER and len(data_sets) < _MAX_DATA_SETS:
        length = int.from_bytes(block[offset + 3 : offset + 5])
        if length & 0x8000:  # an extended data set, which is not used for text
            break
        data_sets.append(((block[offset + 1], block[offset + 2]), block[offset + 5 : offset + 5 + length]))
        offset += 5 + length
    return data_sets


def fields(table: Mapping[str, Any]) -> Fields:
    """Return the common fields of an IPTC table."""

    def first(name: str) -> str | None:
        return next(iter(table.get(name) or ()), None)

    day, time = first("DateCreated") or "", first("TimeCreated") or ""
    written = f"{day[:4]}-{day[4:6]}-{day[6:8]}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}" if time else ""
    return Fields(
        taken=moment(written) or moment(f"{day[:4]}-{day[4:6]}-{day[6:8]}"),
        title=first("ObjectName") or first("Headline"),
        description=first("Caption"),
        artist=first("Byline"),
        copyright=first("CopyrightNotice"),
        keywords=distinct(table.get("Keywords") or []),
    )
