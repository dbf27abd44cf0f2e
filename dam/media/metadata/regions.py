"""Regions of an image in XMP, such as faces with names: those of the Metadata Working Group, and of Microsoft."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dam.media.metadata import clean
from dam.media.metadata.fields import Region

MAX_REGIONS = 256


def regions(table: Mapping[str, Any]) -> tuple[Region, ...] | None:
    """Return the regions in an XMP table; None if there are none. Programs write them in both forms: one is taken."""
    found = tuple(_of_working_group(table)) or tuple(_of_microsoft(table))
    return found[:MAX_REGIONS] or None


def _of_working_group(table: Mapping[str, Any]) -> Iterator[Region]:
    """Yield the regions of `mwg-rs` (Guidelines for Handling Image Metadata 2.0, 5.9): an area has its centre."""
    for region in _items(table, "mwg-rs:Regions", "mwg-rs:RegionList"):
        area = region.get("mwg-rs:Area")
        if not isinstance(area, Mapping) or area.get("stArea:unit", "normalized") != "normalized":
            continue
        x, y, width, height, diameter = (clean.number(area.get(f"stArea:{name}")) for name in ("x", "y", "w", "h", "d"))
        width, height = width or diameter or 0.0, height or diameter or 0.0  # a point has neither
        if x is not None and y is not None:
            kind = clean.text(region.get("mwg-rs:Type"), 64) or "Face"
            yield from _bounded(kind, region.get("mwg-rs:Name"), x - width / 2, y - height / 2, width, height)


def _of_microsoft(table: Mapping[str, Any]) -> Iterator[Region]:
    """Yield the people of `MP`: a rectangle is `left, top, width, height`."""
    for region in _items(table, "MP:RegionInfo", "MPRI:Regions"):
        numbers = [clean.number(part) for part in re.split(r"[,\s]+", str(region.get("MPReg:Rectangle") or "").strip())]
        known = [number for number in numbers if number is not None]
        if len(numbers) == len(known) == 4:  # noqa: PLR2004  of a rectangle
            yield from _bounded("face", region.get("MPReg:PersonDisplayName"), *known)


def _items(table: Mapping[str, Any], name: str, inner: str) -> list[Mapping[str, Any]]:
    outer = table.get(name)
    listed = outer.get(inner) if isinstance(outer, Mapping) else None
    return [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []


def _bounded(kind: str, name: Any, *place: float) -> Iterator[Region]:
    """Yield a region unless it is outside of the image."""
    left, top, width, height = (round(number, 6) for number in place)
    if width >= 0 and height >= 0 and -width <= left <= 1 and -height <= top <= 1 and max(width, height) <= 1:
        yield Region(kind.lower(), clean.text(name, 255), left, top, width, height)
