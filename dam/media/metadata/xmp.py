"""XMP (ISO 16684-1): read by defusedxml, then laid flat: property names and their values."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element  # only for its type; defusedxml reads

from dam.core.errors import DecodeError
from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment

MAX_BYTES = 1024 * 1024

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://darktable.sf.net/": "darktable",
}
_COORDINATE = re.compile(r"(\d{1,3})(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?([NSEW])")


def table(packet: bytes) -> dict[str, Any]:
    """Return the properties by name, such as `dc:subject`: texts, lists and tables.

    Raises:
        DecodeError: it is too large, or XML with entities, or no XML.

    """
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415  only where there is XMP

    if len(packet) > MAX_BYTES:
        raise DecodeError(f"more than {MAX_BYTES:,} bytes are not read")
    try:
        root: Element = fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
    except (ParseError, ValueError) as exc:  # the exceptions of defusedxml are values that are wrong
        raise DecodeError(f"cannot be read: {str(exc) or type(exc).__name__}") from exc
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    found: dict[str, Any] = {}
    for description in rdf[: clean.MAX_ITEMS] if rdf is not None else ():
        found |= _properties(description, clean.MAX_DEPTH)
    kept: dict[str, Any] = clean.plain(found)
    return kept


def _properties(description: Element, depth: int) -> dict[str, Any]:
    """Return the properties of a description, which stand in attributes and elements alike."""
    found = {_name(name): value for name, value in description.attrib.items() if _is_property(name)}
    if depth:
        found |= {_name(child.tag): _value(child, depth - 1) for child in description}
    return found


def _value(element: Element, depth: int) -> Any:
    inside = element[0] if len(element) else None
    if inside is None:
        resource = element.get(f"{_RDF}resource")
        return resource or _properties(element, 0) or element.text or ""
    if not depth:
        return None
    if inside.tag in (f"{_RDF}Bag", f"{_RDF}Seq"):
        return [_value(item, depth - 1) for item in inside]
    if inside.tag == f"{_RDF}Alt":  # one text in several languages
        items = {item.get(_LANGUAGE, "x-default"): _value(item, depth - 1) for item in inside}
        return items.get("x-default") or next(iter(items.values()), None)
    if inside.tag == f"{_RDF}Description":
        return _properties(inside, depth - 1)
    return _properties(element, depth)  # rdf:parseType="Resource"


def _is_property(name: str) -> bool:
    return not name.startswith((_RDF, "{http://www.w3.org/XML"))


def _name(tag: str) -> str:
    namespace, _, local = tag.removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace) or re.split(r"[/#]", namespace.rstrip("/#"))[-1]
    return clean.text(f"{prefix}:{local}" if prefix else local, 100) or ""


def fields(said: Mapping[str, Any]) -> Fields:
    """Return the common fields of a table."""

    def one(*names: str) -> Any:
        found = next((said[name] for name in names if said.get(name) not in (None, "", [])), None)
        return found[0] if isinstance(found, list) else found

    above = clean.number(one("exif:GPSAltitude"))
    subjects = said.get("dc:subject")
    return Fields(
        taken=moment(one("exif:DateTimeOriginal"), one("exif:SubSecTimeOriginal"), one("exif:OffsetTimeOriginal"))
        or moment(one("photoshop:DateCreated"))
        or moment(one("xmp:CreateDate")),
        exposure_seconds=clean.positive(one("exif:ExposureTime")),
        aperture=clean.positive(one("exif:FNumber")),
        iso=clean.whole(one("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"), 1),
        focal_length=clean.positive(one("exif:FocalLength")),
        orientation=clean.whole(one("tiff:Orientation"), 1, 8),
        make=clean.text(one("tiff:Make")),
        model=clean.text(one("tiff:Model")),
        lens=clean.text(one("exifEX:LensModel", "aux:Lens")),
        latitude=_degrees(one("exif:GPSLatitude"), 90),
        longitude=_degrees(one("exif:GPSLongitude"), 180),
        altitude=-above if above is not None and one("exif:GPSAltitudeRef") == "1" else above,
        title=clean.text(one("dc:title", "photoshop:Headline")),
        description=clean.text(one("dc:description")),
        artist=clean.text(one("dc:creator", "tiff:Artist")),
        copyright=clean.text(one("dc:rights", "tiff:Copyright")),
        rating=clean.whole(one("xmp:Rating"), -1, 5),
        keywords=distinct([clean.text(word) for word in (subjects if isinstance(subjects, list) else [subjects])]),
    )


def _degrees(said: Any, most: int) -> float | None:
    """Return a coordinate such as `48,51.5N` in degrees."""
    found = _COORDINATE.fullmatch(said) if isinstance(said, str) else None
    if not found:
        return None
    degrees = sum(float(part or 0) / 60**place for place, part in enumerate(found.groups()[:3]))
    return None if degrees > most else -degrees if found[4] in "SW" else degrees
