"""Read XMP (ISO 16684-1) with defusedxml, as a table of properties and as common fields."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element  # only the type; defusedxml parses

from dam.core.errors import DecodeError
from dam.media.metadata import clean
from dam.media.metadata.fields import Fields, distinct
from dam.media.metadata.moments import moment
from dam.media.metadata.regions import regions

MAX_BYTES = 1024 * 1024
"""Maximum size of a packet."""

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
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://www.metadataworkinggroup.com/schemas/keywords/": "mwg-kw",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#": "MPRI",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
}
_COORDINATE = re.compile(r"(\d{1,3})(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?([NSEW])")


def table(packet: bytes) -> dict[str, Any]:
    """Return the properties of a packet by name, such as `dc:subject`, as texts, lists and tables.

    Raises:
        DecodeError: the packet exceeds `MAX_BYTES`, is not well-formed XML, or has a document type or entities.

    """
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415  only where there is XMP

    if len(packet) > MAX_BYTES:
        raise DecodeError(f"the packet exceeds the limit of {MAX_BYTES:,} bytes")
    try:
        root: Element = fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
    except (ParseError, ValueError) as exc:  # defusedxml's exceptions derive from ValueError
        raise DecodeError(f"cannot be read: {str(exc) or type(exc).__name__}") from exc
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    properties: dict[str, Any] = {}
    for description in rdf[: clean.MAX_ITEMS] if rdf is not None else ():
        properties |= _properties(description, clean.MAX_DEPTH)
    sanitised: dict[str, Any] = clean.json_value(properties)
    return sanitised


def _properties(description: Element, depth: int) -> dict[str, Any]:
    """Return the properties of a description: its attributes and its child elements."""
    properties = {_name(name): value for name, value in description.attrib.items() if _is_property(name)}
    if depth:
        properties |= {_name(child.tag): _value(child, depth - 1) for child in description}
    return properties


def _value(element: Element, depth: int) -> Any:
    child = element[0] if len(element) else None
    if child is None:
        resource = element.get(f"{_RDF}resource")
        return resource or _properties(element, 0) or element.text or ""
    if not depth:
        return None
    if child.tag in (f"{_RDF}Bag", f"{_RDF}Seq"):
        return [_value(item, depth - 1) for item in child]
    if child.tag == f"{_RDF}Alt":  # one text in several languages
        items = {item.get(_LANGUAGE, "x-default"): _value(item, depth - 1) for item in child}
        return items.get("x-default") or next(iter(items.values()), None)
    if child.tag == f"{_RDF}Description":
        return _properties(child, depth - 1)
    return _properties(element, depth)  # rdf:parseType="Resource"


def _is_property(name: str) -> bool:
    return not name.startswith((_RDF, "{http://www.w3.org/XML"))


def _name(tag: str) -> str:
    namespace, _, local = tag.removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace) or re.split(r"[/#]", namespace.rstrip("/#"))[-1]
    return clean.text(f"{prefix}:{local}" if prefix else local, 100) or ""


def fields(table: Mapping[str, Any]) -> Fields:
    """Return the common fields of an XMP table."""

    def one(*names: str) -> Any:
        value = next((table[name] for name in names if table.get(name) not in (None, "", [])), None)
        return value[0] if isinstance(value, list) else value

    altitude = clean.number(one("exif:GPSAltitude"))
    subjects = table.get("dc:subject")
    return Fields(
        taken=moment(one("exif:DateTimeOriginal"), one("exif:SubSecTimeOriginal"), one("exif:OffsetTimeOriginal"))
        or moment(one("photoshop:DateCreated"))
        or moment(one("xmp:CreateDate")),
        exposure_seconds=clean.positive(one("exif:ExposureTime")),
        aperture=clean.positive(one("exif:FNumber")),
        iso=clean.integer(one("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"), 1),
        focal_length=clean.positive(one("exif:FocalLength")),
        orientation=clean.integer(one("tiff:Orientation"), 1, 8),
        make=clean.text(one("tiff:Make")),
        model=clean.text(one("tiff:Model")),
        lens=clean.text(one("exifEX:LensModel", "aux:Lens")),
        latitude=_degrees(one("exif:GPSLatitude"), 90),
        longitude=_degrees(one("exif:GPSLongitude"), 180),
        altitude=-altitude if altitude is not None and one("exif:GPSAltitudeRef") == "1" else altitude,
        title=clean.text(one("dc:title", "photoshop:Headline")),
        description=clean.text(one("dc:description")),
        artist=clean.text(one("dc:creator", "tiff:Artist")),
        copyright=clean.text(one("dc:rights", "tiff:Copyright")),
        rating=clean.integer(one("xmp:Rating"), -1, 5),
        keywords=distinct([clean.text(word) for word in (subjects if isinstance(subjects, list) else [subjects])]),
        hierarchies=_hierarchies(table),
        regions=regions(table),
    )


def _hierarchies(table: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the hierarchical keywords, from the root to the leaf, separated by `|` whichever program wrote them."""
    for name, separator in (("lr:hierarchicalSubject", "|"), ("digiKam:TagsList", "/")):
        value = table.get(name)
        paths = [clean.text(path) for path in (value if isinstance(value, list) else [value])]
        if found := distinct([path.replace(separator, "|") if path else None for path in paths]):
            return found
    return None


def _degrees(coordinate: Any, maximum: int) -> float | None:
    """Convert a coordinate such as `48,51.5N` to degrees; None if it is invalid or exceeds `maximum`."""
    matched = _COORDINATE.fullmatch(coordinate) if isinstance(coordinate, str) else None
    if not matched:
        return None
    degrees = sum(float(part or 0) / 60**power for power, part in enumerate(matched.groups()[:3]))
    return None if degrees > maximum else -degrees if matched[4] in "SW" else degrees
