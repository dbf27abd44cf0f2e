"""IPTC-IIM (version 4.2): titles, keywords and the like, as agencies and older programs write them."""

from collections.abc import Mapping
from typing import Any

from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment

_UTF_8 = b"\x1b%G"
_CODING = (1, 90)
_MARK = 0x1C
_MOST_SETS = 4096

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
    """Return the data sets of the application record by name, each a list of texts."""
    sets = _sets(block)
    is_utf8 = any(key == _CODING and value == _UTF_8 for key, value in sets)
    named: dict[str, Any] = {}
    for (record, number), value in sets:
        said = clean.text(_decoded(value, is_utf8=is_utf8)) if record == 2 else None  # noqa: PLR2004
        if said and number:
            named.setdefault(_NAMES.get(number, f"2:{number}"), []).append(said)
    return named


def _decoded(value: bytes, *, is_utf8: bool) -> str:
    """Return a text; where the record does not say how it is coded, what is no UTF-8 is Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode(errors="replace") if is_utf8 else value.decode("latin-1")


def _sets(block: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return the data sets up to what is none."""
    sets: list[tuple[tuple[int, int], bytes]] = []
    at = 0
    while at + 5 <= len(block) and block[at] == _MARK and len(sets) < _MOST_SETS:
        length = int.from_bytes(block[at + 3 : at + 5])
        if length & 0x8000:  # an extended one: nobody writes them for text
            break
        sets.append(((block[at + 1], block[at + 2]), block[at + 5 : at + 5 + length]))
        at += 5 + length
    return sets


def fields(said: Mapping[str, Any]) -> Fields:
    """Return the common fields of a table."""

    def first(name: str) -> str | None:
        return next(iter(said.get(name) or ()), None)

    day, time = first("DateCreated") or "", first("TimeCreated") or ""
    written = f"{day[:4]}-{day[4:6]}-{day[6:8]}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}" if time else ""
    return Fields(
        taken=moment(written) or moment(f"{day[:4]}-{day[4:6]}-{day[6:8]}"),
        title=first("ObjectName") or first("Headline"),
        description=first("Caption"),
        artist=first("Byline"),
        copyright=first("CopyrightNotice"),
        keywords=distinct(said.get("Keywords") or []),
    )
