"""HEIC, AVIF, JPEG XL, camera RAW, PSD and SVG: each is decoded as displayed, within bounds, by the extra it needs."""

import base64
import io
import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from dam.core.errors import DecodeError
from dam.core.extras import extra_hint
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.images import decoding as image
from dam.media.images.decoding import displayed_size
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample, obstacle
from tests.media.pictures import picture, saved
from tests.media.raw_files import dng

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" %s>%s</svg>'
RED_HALF = b'<rect width="50%" height="100%" fill="red"/>'


def heic(source: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(source).save(stream, **options)
    return stream.getvalue()


def jxl(source: Image.Image) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(np.asarray(source), level=90))


def psd(source: Image.Image) -> bytes:
    """A flat, uncompressed Photoshop file."""
    pixels = np.asarray(source.convert("RGB")).transpose(2, 0, 1).tobytes()
    head = b"8BPS" + struct.pack(">H6xHLLHH", 1, 3, source.height, source.width, 8, 3)
    return head + bytes(12) + b"\0\0" + pixels


def sample(data: bytes, name: str = "") -> Sample:
    return Sample(lambda: io.BytesIO(data), media_type(data[:HEAD_BYTES], name))


FILES: dict[str, tuple[Callable[[Image.Image], bytes], str, str]] = {
    "heic": (heic, "a", "image/heic"),
    "avif": (lambda source: saved(source, "AVIF"), "a", "image/avif"),
    "jxl": (jxl, "a", "image/jxl"),
    "dng": (dng, "a.DNG", "image/x-adobe-dng"),
    "psd": (psd, "a", "image/vnd.adobe.photoshop"),
}


@pytest.mark.parametrize("form", FILES)
def test_a_format_shows_the_picture_that_was_saved(form: str) -> None:
    encode, name, expected = FILES[form]
    source = picture(size=(192, 128))
    seen = sample(encode(source), name)
    assert seen.media_type == expected
    assert displayed_size(seen.image) == source.size
    away = np.asarray(seen.luma.resize((32, 32)), float) - np.asarray(source.convert("L").resize((32, 32)), float)
    away -= away.mean()  # developing a RAW file chooses its own brightness
    assert np.abs(away).mean() < (25 if form == "dng" else 4)


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
def test_a_cut_off_file_is_a_decode_error_or_a_picture(form: str, part: float) -> None:
    encode, name, _ = FILES[form]
    data = encode(picture())
    seen = sample(data[: int(len(data) * part)], name)
    try:
        assert seen.luma.size
    except DecodeError as exc:
        assert str(exc)  # noqa: PT017  either is right


def test_heic_is_turned_as_its_container_says() -> None:
    source, exif = picture(size=(96, 64)), Image.Exif()
    exif[0x0112] = 6
    seen = sample(heic(source, exif=exif.tobytes()))
    assert seen.image.size == (64, 96)
    turned = source.rotate(-90, expand=True).convert("L").resize((16, 16))
    assert np.abs(np.asarray(seen.luma.resize((16, 16)), float) - np.asarray(turned, float)).mean() < 4


@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_jpeg_xl_of_any_depth_has_a_luma(channels: tuple[int, ...], kind: type) -> None:
    whole = np.linspace(0, 1, 40 * 30 * max(1, *channels, 1)).reshape(30, 40, *channels)
    pixels = whole.astype(kind) if kind is np.float32 else (whole * np.iinfo(kind).max).astype(kind)
    seen = sample(bytes(imagecodecs.jpegxl_encode(pixels, level=95)))
    assert (seen.luma.mode, seen.luma.size) == ("L", (40, 30))


def test_jpeg_xl_bombs_are_refused_by_their_head() -> None:
    bits = (0 | 3 << 1 | 59_999 << 3) | 1 << 33  # not small; 30 bits for the height; as wide as high
    with pytest.raises(DecodeError, match="60000 × 60000 pixels"):
        _ = sample(b"\xff\x0a" + bits.to_bytes(20, "little")).image


def test_a_cut_off_raw_file_is_reported_in_plain_words_and_once(capfd: pytest.CaptureFixture[str]) -> None:
    whole = dng(picture(size=(64, 48)))
    with pytest.raises(DecodeError, match=r"^LibRaw cannot read it: [A-Z][a-z]"):
        _ = sample(whole[:300], "a.dng").image
    assert capfd.readouterr().err == ""


def test_a_raw_file_shows_its_preview_and_has_the_size_of_its_sensor() -> None:
    shown = picture(size=(600, 400), seed=2)
    seen = sample(dng(picture(size=(960, 640)), preview=shown, orientation=6), "a.dng")
    assert displayed_size(seen.image) == (640, 960)
    expected = shown.rotate(-90, expand=True).convert("L").resize((16, 16))
    assert np.abs(np.asarray(seen.luma.resize((16, 16)), float) - np.asarray(expected, float)).mean() < 4


@pytest.mark.parametrize("size", [(600, 500), (150, 100)], ids=["black bars", "tiny"])
def test_a_preview_that_is_no_good_is_not_used(size: tuple[int, int]) -> None:
    source = picture(size=(960, 640))
    without, with_preview = dng(source), dng(source, preview=picture(size=size, seed=2))
    assert sample(with_preview, "a.dng").luma.tobytes() == sample(without, "a.dng").luma.tobytes()


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (b'width="400" height="200"', (400, 200)),
        (b'width="1in" height="2.54cm"', (96, 96)),
        (b'viewBox="0 0 30 20"', (30, 20)),
        (b'width="60" viewBox="0,0,30,20"', (60, 40)),
        (b'width="100%" height="100%" viewBox="0 0 30 20"', (30, 20)),
        (b"", (100, 100)),
        (b'width="60000" height="30000"', (60_000, 30_000)),
    ],
)
def test_svg_is_rendered_at_its_size_within_bounds(attributes: bytes, size: tuple[int, int]) -> None:
    seen = sample(SVG % (attributes, RED_HALF))
    assert displayed_size(seen.image) == size
    width, height = seen.image.size
    assert max(width, height) <= 2048
    assert seen.image.getpixel((width // 4, height // 2)) == (255, 0, 0)
    assert seen.image.getpixel((width - 1, height // 2)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [
        b'<image href="file:///etc/hostname"/>',
        b'<image xlink:href="http://localhost:1/a.png"/>',
        b'<image xlink:href="picture.png"/>',
        b'<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
        b'<use href="other.svg#a"/>',
        b'<rect style="fill: url(http://localhost:1/a)"/>',
        b"<rect filter=\"URL( '../a.svg#b')\"/>",
        b"<style>@IMPORT 'a.css';</style>",
        b"<style>rect { fill: url(a.svg#b) }</style>",
    ],
)
def test_svg_that_refers_outside_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError, match=r"external|imports"):
        _ = sample(SVG % (b"", content)).image


def test_svg_that_refers_inside_is_rendered() -> None:
    png = b"data:image/png;base64," + base64.b64encode(saved(picture(size=(4, 4)), "PNG"))
    content = b'<a href="https://example.org"><rect id="a"/></a><use href="#a" fill="url(#b)"/><image href="%s"/>' % png
    assert sample(SVG % (b"", content)).image.size == (100, 100)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>', "entities"),
        (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', "entities"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1"/>', "1e\\+09"),
        (b"<html><svg/></html>", "root"),
        (b"<svg><g></svg>", "cannot be decoded"),
    ],
)
def test_hostile_svg_is_refused(document: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        _ = sample(document).image


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "image/x-canon-cr3"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1hevx", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "image/heif"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "video/mp4"),
        (b"FUJIFILMCCD-RAW 0201FF\0", "image/x-fuji-raf"),
        (b"IIRO\x08\0\0\0\xff", "image/x-olympus-orf"),
        (b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0", "image/jxl"),
    ],
)
def test_media_types_by_content(head: bytes, expected: str) -> None:
    assert media_type(head, "no name") == expected


def test_a_missing_extra_is_an_obstacle_for_its_types_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "installed", lambda libraries=("PIL",): "PIL" in libraries)
    reasons = {name: obstacle(name) for name in ("image/heic", "image/jxl", "image/x-adobe-dng", "image/svg+xml")}
    for name, extra in zip(reasons, ("heic", "jxl", "raw", "svg"), strict=True):
        assert reasons[name] == Obstacle(f"{name} needs {extra_hint(extra)}, then dam-cli run-systems", extra)
    assert obstacle("image/avif") is None
