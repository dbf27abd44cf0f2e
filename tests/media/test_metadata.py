"""Metadata of every container, and what becomes of hostile ones."""

import io
import json
import shutil
import struct
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.files.media_type import media_type
from dam.media.metadata.fields import Fields, Region
from dam.media.metadata.metadata import Metadata
from dam.media.metadata.moments import Moment, moment
from dam.media.sample import Sample
from tests.media.described import bag, described_jpeg, exif_block, iptc_block, keywords_xmp, with_iptc, xmp_block
from tests.media.pictures import picture, saved
from tests.media.raw_files import dng
from tests.media.test_modern_formats import heic, psd

approximately: Any = pytest.approx  # to stand where a number does
EXIF, XMP = exif_block(), xmp_block(bag("dc:subject", "sea", "Zoë"), xmp_Rating="4")
WRITTEN = Fields(
    taken=Moment("2026-05-01T12:34:56.789", 120),
    exposure_seconds=0.004,
    aperture=2.8,
    iso=400,
    focal_length=35.0,
    orientation=6,
    make="Makers",
    model="Model 1",
    lens="Lens 35mm F2.8",
    latitude=approximately(48.858333, abs=1e-6),
    longitude=approximately(-2.35),
    altitude=-35.5,
    artist="Zoe Artist",
    copyright="(c) 2026 Zoe",
    rating=4,
    keywords=("sea", "Zoë"),
)


def jxl_boxes(source: bytes, *boxes: tuple[bytes, bytes]) -> bytes:
    """A JPEG XL file in boxes."""
    signature = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "
    return signature + b"".join(
        struct.pack(">I4s", 8 + len(data), name) + data for name, data in (*boxes, (b"jxlc", source))
    )


def jxl_file() -> bytes:
    packed = b"xml " + bytes(imagecodecs.brotli_encode(XMP))
    plain = bytes(imagecodecs.jpegxl_encode(np.asarray(picture())))
    return jxl_boxes(plain, (b"Exif", bytes(4) + EXIF.removeprefix(b"Exif\0\0")), (b"brob", packed))


def psd_file() -> bytes:
    plain = psd(picture())
    resources = b""
    for number, data in ((0x0422, EXIF.removeprefix(b"Exif\0\0")), (0x0424, XMP)):
        resources += b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
    return plain[:30] + struct.pack(">I", len(resources)) + resources + plain[34:]


def cr3_file() -> bytes:
    """The boxes of a CR3 file that hold EXIF; no picture."""

    def box(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(data), name) + data

    def directory(**parts: dict[int, object]) -> bytes:
        return exif_block(**{"camera": {}, "shot": {}, "place": {}} | parts).removeprefix(b"Exif\0\0")

    from tests.media.described import CAMERA, PLACE, SHOT

    cmt = box(b"CMT1", directory(camera=CAMERA)) + box(b"CMT2", directory(camera=SHOT))
    cmt += box(b"CMT4", directory(camera=PLACE))
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(
        b"moov", box(b"uuid", bytes.fromhex("85c0b687820f11e08111f4ce462b6a48") + cmt)
    )


def raf_file() -> bytes:
    """The head of a RAF file and the JPEG file within; no picture."""
    inside = described_jpeg(xmp=XMP)
    return b"FUJIFILMCCD-RAW 0201FF".ljust(84, b"\0") + struct.pack(">II", 92, len(inside)) + inside


FILES = {
    "a.jpg": lambda: described_jpeg(xmp=XMP),
    "a.png": lambda: saved(picture(), "PNG", exif=EXIF),
    "a.webp": lambda: saved(picture(), "WEBP", exif=EXIF, xmp=XMP),
    "a.avif": lambda: saved(picture(), "AVIF", exif=EXIF, xmp=XMP),
    "a.heic": lambda: heic(picture(), exif=EXIF, xmp=XMP),
    "a.jxl": jxl_file,
    "a.psd": psd_file,
    "a.tif": lambda: saved(picture(), "TIFF", exif=EXIF),
    "a.cr3": cr3_file,
    "a.raf": raf_file,
}
WITHOUT_XMP = {"a.png", "a.tif", "a.cr3"}


def metadata(data: bytes, name: str = "", sidecar: bytes | None = None) -> Metadata:
    return Sample(lambda: io.BytesIO(data), media_type(data, name), sidecar=sidecar).metadata


@pytest.mark.parametrize("name", FILES)
def test_every_container_has_its_metadata(name: str) -> None:
    expected = asdict(WRITTEN) | ({"rating": None, "keywords": None} if name in WITHOUT_XMP else {})
    found = metadata(FILES[name](), name)
    assert asdict(found.common) == expected
    assert "problems" not in found.everything


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
@pytest.mark.parametrize("name", FILES)
def test_exiftool_says_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    done = subprocess.run(["exiftool", "-j", "-n", "-a", path], capture_output=True, check=False)
    [said] = json.loads(done.stdout)
    found = metadata(path.read_bytes(), name).common
    if name == "a.jxl" and "Subject" not in said:
        pytest.skip("this exiftool does not read what JPEG XL has packed")
    assert found.taken is not None
    assert said["SubSecDateTimeOriginal"].replace(":", "").replace(" ", "T") == (
        found.taken.local.replace("-", "").replace(":", "") + "+0200"
    )
    assert (said["Make"], said["Model"], said["LensModel"]) == (found.make, found.model, found.lens)
    assert (said["ExposureTime"], said["FNumber"], said["ISO"], said["FocalLength"]) == (
        found.exposure_seconds,
        found.aperture,
        found.iso,
        found.focal_length,
    )
    assert said["GPSPosition"].split() == [f"{found.latitude:.13f}".rstrip("0"), f"{found.longitude:g}"]
    assert said.get("Subject") == (list(found.keywords) if found.keywords else None)


def test_a_raw_file_has_its_camera() -> None:
    found = metadata(dng(picture(), orientation=6, make="Makers", model="Model 7"), "a.dng").common
    assert (found.make, found.model, found.orientation) == ("Makers", "Model 7", 6)
    olympus = b"IIRO" + dng(picture(), model="Model 8")[4:]
    assert metadata(olympus, "a.orf").common.model == "Model 8"


@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_text_in_exif_in_any_coding(coding: str) -> None:
    exif = exif_block({315: "Zoë".encode(coding), 0x9C9E: "Zoë;sea".encode("utf-16-le")})
    found = metadata(described_jpeg(exif=exif)).common
    assert (found.artist, found.keywords) == ("Zoë", ("Zoë", "sea"))


def test_iptc_in_any_coding() -> None:
    sets: tuple[tuple[int, str], ...] = (
        (5, "Tïtle"),
        (25, "one"),
        (25, "two"),
        (25, "one"),
        (80, "Zoë"),
        (116, "© me"),
        (120, "Long ago"),
    )
    sets += ((55, "20260501"), (60, "123456+0200"))
    for coding in ("utf-8", "latin-1"):
        found = metadata(with_iptc(saved(picture(), "JPEG"), iptc_block(*sets, coding=coding))).common
        assert (found.title, found.artist, found.copyright, found.description) == ("Tïtle", "Zoë", "© me", "Long ago")
        assert found.keywords == ("one", "two")
        assert found.taken == Moment("2026-05-01T12:34:56", 120)


def test_who_comes_first() -> None:
    iptc = iptc_block((5, "by iptc"), (80, "by iptc"), (120, "by iptc"))
    embedded = xmp_block(bag("dc:creator", "by xmp", kind="Seq"), tiff_Model="by xmp", tiff_Make="by xmp")
    camera = {271: "by exif", 315: "by exif", 33432: "by exif"}
    data = with_iptc(described_jpeg(exif=exif_block(camera), xmp=embedded), iptc)
    found = metadata(data, sidecar=xmp_block(bag("dc:title", "by sidecar", kind="Alt"), tiff_Model="by sidecar"))
    common = found.common
    assert (common.title, common.artist, common.description) == ("by sidecar", "by xmp", "by iptc")
    assert (common.make, common.model, common.copyright) == ("by exif", "by sidecar", "by exif")
    assert set(found.everything) == {"exif", "iptc", "xmp", "sidecar"}


def test_xmp_alone_says_it_all() -> None:
    sidecar = xmp_block(
        bag("dc:title", "T", kind="Alt") + bag("dc:rights", "R", kind="Alt") + "<my:a><my:b>1</my:b></my:a>",
        exif_DateTimeOriginal="2026-05-01T12:34:56.5-03:30",
        exif_ExposureTime="1/250",
        exif_FNumber="28/10",
        exif_GPSLatitude="33,30.0S",
        exif_GPSLongitude="151,12,36E",
        exif_GPSAltitude="58/1",
        aux_Lens="L",
        xmp_Rating="-1",
    )
    found = metadata(saved(picture(), "JPEG"), sidecar=sidecar).common
    assert found.taken == Moment("2026-05-01T12:34:56.5", -210)
    assert (found.exposure_seconds, found.aperture, found.lens, found.rating) == (0.004, 2.8, "L", -1)
    assert (found.latitude, found.longitude, found.altitude) == (-33.5, approximately(151.21), 58)
    assert (found.title, found.copyright) == ("T", "R")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026:05:01 12:34:56", Moment("2026-05-01T12:34:56")),
        ("2026-05-01T12:34:56.123456Z", Moment("2026-05-01T12:34:56.123456", 0)),
        ("2026-05-01", Moment("2026-05-01T00:00:00")),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2026:13:01 12:34:56", None),
        ("2026:05:01 12:34:56+99:00", Moment("2026-05-01T12:34:56")),
        ("0001:01:01 00:00:00+14:00", Moment("0001-01-01T00:00:00", 840)),
        (b"2026:05:01 12:34:56\0", Moment("2026-05-01T12:34:56")),
        (["x"], None),
    ],
)
def test_moments(text: object, expected: Moment | None) -> None:
    found = moment(text)
    assert found == expected
    assert found is None or found.offset is None or found.utc is None or found.utc.tzinfo is not None


HOSTILE = {
    "entities": b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>' + keywords_xmp("&c;"),
    "huge": keywords_xmp("x" * 2_000_000),
    "no XML": b"<x:xmpmeta><broken",
    "not an encoding": b"\xff\xfe\xfd\xfc",
}


@pytest.mark.parametrize("packet", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xmp_costs_only_itself(packet: bytes) -> None:
    found = metadata(described_jpeg(), sidecar=packet)
    assert found.common.model == "Model 1"
    [problem] = found.everything["problems"]
    assert problem.startswith("sidecar: ")
    assert len(problem) < 200


def test_what_is_kept_is_bounded_and_clean() -> None:
    words = [f"word {number}\x07" if number % 2 else f"word {number}" for number in range(5000)]
    deep = "<my:a>" * 300 + "</my:a>" * 300
    sidecar = xmp_block(bag("dc:subject", *(word.strip("\x07") for word in words)) + deep, xmp_Rating="9" * 400)
    camera = {271: "Ma\x00ke\x1b[31m", 272: "M" * 20_000, 274: 99, 315: "\u202eevil"}
    shot = {33434: float("inf"), 33437: -1.0, 34855: (70_000, 1), 36867: "now", 37386: 0.0}
    found = metadata(described_jpeg(exif=exif_block(camera, shot, {2: (99.0, 0.0, 0.0), 1: "N"})), sidecar=sidecar)
    common = found.common
    assert len(common.keywords or ()) == 256
    assert common.model == "M" * 4000
    assert "\x1b" not in (common.make or "")
    assert "\0" not in (common.make or "")
    assert (common.orientation, common.aperture, common.taken, common.focal_length, common.rating) == (None,) * 5
    assert (common.latitude, common.longitude) == (None, None)
    assert len(json.dumps(found.everything, allow_nan=False)) < 100_000


@given(data=st.data())
def test_damaged_blocks_cost_only_themselves(data: st.DataObject) -> None:
    whole = bytearray(EXIF)
    for place in data.draw(st.lists(st.integers(6, len(whole) - 1), min_size=1, max_size=6)):
        whole[place] = data.draw(st.integers(0, 255))
    found = metadata(described_jpeg(exif=bytes(whole), xmp=XMP))
    assert found.common.keywords == ("sea", "Zoë")
    json.dumps(found.everything, allow_nan=False).encode()


@pytest.mark.parametrize("name", FILES)
@given(part=st.floats(0.01, 0.99))
def test_a_cut_off_file_says_what_it_can(name: str, part: float) -> None:
    whole = FILES[name]()
    found = metadata(whole[: int(len(whole) * part) + 1], name)
    json.dumps(found.everything, allow_nan=False)


def test_a_file_without_metadata_says_nothing() -> None:
    assert metadata(saved(picture(), "JPEG")) == Metadata()
    assert metadata(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == Metadata()


def test_a_text_ends_at_its_nul() -> None:
    exif = exif_block({271: "Makers\0\0rest", 272: "Model 1\0junk", 33432: "me\0them"})
    found = metadata(described_jpeg(exif=exif)).common
    assert (found.make, found.model, found.copyright) == ("Makers", "Model 1", "me them")


def test_an_iso_beyond_its_field() -> None:
    found = metadata(described_jpeg(exif=exif_block(shot={34855: 65535, 34866: 102400}))).common
    assert found.iso == 102400
    assert metadata(described_jpeg(exif=exif_block(shot={34867: 3200}))).common.iso == 3200


HIERARCHIES = {
    "lr:hierarchicalSubject": ("place|italy|rome", "person|Ada"),
    "digiKam:TagsList": ("place/italy/rome", "person/Ada"),
}
SPACES = (
    'xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/" '
    'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:MP="http://ns.microsoft.com/photo/1.2/" '
    'xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" '
    'xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"'
)


def spaced(properties: str) -> bytes:
    return xmp_block(properties).replace(b"xmlns:my=", SPACES.encode() + b" xmlns:my=")


@pytest.mark.parametrize("name", HIERARCHIES)
def test_hierarchical_keywords(name: str) -> None:
    found = metadata(saved(picture(), "JPEG"), sidecar=spaced(bag(name, *HIERARCHIES[name]))).common
    assert found.hierarchies == ("place|italy|rome", "person|Ada")


def area(x: str, y: str, w: str, h: str, unit: str = "normalized") -> str:
    return f'<mwg-rs:Area stArea:x="{x}" stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="{unit}"/>'


FACES = {
    "as resources": '<rdf:li rdf:parseType="Resource">{}</rdf:li>',
    "as descriptions": "<rdf:li><rdf:Description>{}</rdf:Description></rdf:li>",
}


@pytest.mark.parametrize("item", FACES.values(), ids=FACES)
def test_faces_of_the_working_group(item: str) -> None:
    inside = (
        f"<mwg-rs:Name>Ada</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>{area('0.5', '0.4', '0.2', '0.1')}",
        f"<mwg-rs:Type>Pet</mwg-rs:Type>{area('0.25', '0.25', '0.5', '0.5')}",
        f"<mwg-rs:Name>out</mwg-rs:Name>{area('7', '0.5', '0.2', '0.2')}",
        f"<mwg-rs:Name>bad</mwg-rs:Name>{area('x', '0.5', '0.2', '0.2')}",
        f"<mwg-rs:Name>pixels</mwg-rs:Name>{area('0.5', '0.5', '0.2', '0.2', 'pixel')}",
    )
    listed = "".join(item.format(each) for each in inside)
    regions = f"<mwg-rs:RegionList><rdf:Bag>{listed}</rdf:Bag></mwg-rs:RegionList>"
    for outer in (
        '<mwg-rs:Regions rdf:parseType="Resource">{}</mwg-rs:Regions>',
        "<mwg-rs:Regions><rdf:Description>{}</rdf:Description></mwg-rs:Regions>",
    ):
        found = metadata(saved(picture(), "JPEG"), sidecar=spaced(outer.format(regions))).common
        assert found.regions == (Region("face", "Ada", 0.4, 0.35, 0.2, 0.1), Region("pet", None, 0.0, 0.0, 0.5, 0.5))


def test_faces_of_microsoft() -> None:
    person = '<rdf:li MPReg:PersonDisplayName="Ada" MPReg:Rectangle="0.25, 0.5, 0.125, 0.25"/>'
    regions = f"<MPRI:Regions><rdf:Bag>{person}<rdf:li/></rdf:Bag></MPRI:Regions>"
    sidecar = spaced(f'<MP:RegionInfo rdf:parseType="Resource">{regions}</MP:RegionInfo>')
    found = metadata(saved(picture(), "JPEG"), sidecar=sidecar).common
    assert found.regions == (Region("face", "Ada", 0.25, 0.5, 0.125, 0.25),)


@pytest.mark.parametrize("swapped", [False, True])
def test_iptc_of_tiff_as_numbers(swapped: bool) -> None:  # noqa: FBT001  a case
    block = iptc_block((5, "Title"), (25, "sea"))
    block += bytes(-len(block) % 4)
    if swapped:
        block = b"".join(block[place : place + 4][::-1] for place in range(0, len(block), 4))
    data = saved(picture(), "TIFF", tiffinfo={33723: block})
    written = struct.pack("<HHI", 33723, 7, len(block))  # bytes
    assert data.count(written) == 1
    data = data.replace(written, struct.pack("<HHI", 33723, 4, len(block) // 4))  # 32-bit numbers
    found = metadata(data).common
    assert (found.title, found.keywords) == ("Title", ("sea",))
