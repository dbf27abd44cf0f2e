"""Pictures with metadata, written by Pillow, and the blocks by themselves."""

import struct
from typing import Any

from PIL import Image

from tests.media.pictures import picture, saved

EXIF, GPS = 0x8769, 0x8825

CAMERA = {271: "Makers", 272: "Model 1", 274: 6, 315: "Zoe Artist", 33432: "(c) 2026 Zoe"}
SHOT = {
    36867: "2026:05:01 12:34:56",
    37521: "789",
    36881: "+02:00",
    33434: 0.004,
    33437: 2.8,
    34855: 400,
    37386: 35.0,
    42036: "Lens 35mm F2.8",
}
PLACE = {1: "N", 2: (48.0, 51.0, 30.0), 3: "W", 4: (2.0, 21.0, 0.0), 5: b"\1", 6: 35.5}


def exif_block(camera: dict[int, Any] = CAMERA, shot: dict[int, Any] = SHOT, place: dict[int, Any] = PLACE) -> bytes:
    exif = Image.Exif()
    for tag, value in camera.items():
        exif[tag] = value.encode() if isinstance(value, str) and not value.isascii() else value
    exif.get_ifd(EXIF).update(shot)
    exif.get_ifd(GPS).update(place)
    return exif.tobytes()


def xmp_block(properties: str = "", **attributes: str) -> bytes:
    """An XMP packet: elements of properties, and attributes such as `xmp_Rating="3"`."""
    names = {
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "aux": "http://ns.adobe.com/exif/1.0/aux/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "my": "http://example.org/ns/my#",
    }
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in names.items())
    said = " ".join(f'{name.replace("_", ":")}="{value}"' for name, value in attributes.items())
    inside = f'<rdf:RDF {spaces}><rdf:Description rdf:about="" {said}>{properties}</rdf:Description></rdf:RDF>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{inside}</x:xmpmeta>'.encode()


def bag(name: str, *items: str, kind: str = "Bag") -> str:
    listed = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<{name}><rdf:{kind}>{listed}</rdf:{kind}></{name}>"


def keywords_xmp(*words: str) -> bytes:
    return xmp_block(bag("dc:subject", *words))


def face_xmp(name: str) -> bytes:
    """A packet with a face, in Microsoft's form."""
    space = "http://ns.microsoft.com/photo/1.2/"
    names = f'xmlns:MP="{space}" xmlns:MPRI="{space}t/RegionInfo#" xmlns:MPReg="{space}t/Region#"'
    person = f'<rdf:li MPReg:PersonDisplayName="{name}" MPReg:Rectangle="0.25, 0.5, 0.125, 0.25"/>'
    regions = f"<MPRI:Regions><rdf:Bag>{person}</rdf:Bag></MPRI:Regions>"
    return xmp_block(f'<MP:RegionInfo {names} rdf:parseType="Resource">{regions}</MP:RegionInfo>')


def iptc_block(*sets: tuple[int, str], coding: str = "utf-8") -> bytes:
    """Data sets of the application record."""
    packed = [(number, text.encode(coding)) for number, text in sets]
    block = b"".join(struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text for number, text in packed)
    return (b"\x1c\x01\x5a\0\x03\x1b%G" if coding == "utf-8" else b"") + block


def with_iptc(jpeg: bytes, block: bytes) -> bytes:
    """A JPEG file with IPTC in a segment of Photoshop's."""
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    segment = b"Photoshop 3.0\0" + resource
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def described_jpeg(**options: Any) -> bytes:
    return saved(picture(), "JPEG", **({"exif": exif_block()} | options))
