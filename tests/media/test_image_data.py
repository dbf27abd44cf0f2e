import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from dam.media.files.media_type import media_type
from dam.media.images.image_data import image_data_digest
from tests.media.pictures import picture, saved


def digest(content: bytes) -> str | None:
    return image_data_digest(io.BytesIO(content), media_type(content, ""))


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = "a camera"
    return made


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """A JPEG with one more segment after its start."""
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]


def with_chunk(png: bytes, name: bytes, payload: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    check = struct.pack(">I", zlib.crc32(name + payload))
    return png[:33] + struct.pack(">I", len(payload)) + name + payload + check + png[33:]


def text() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Comment", "hello")
    return made


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_metadata_of_a_jpeg_do_not_matter(mode: str, progressive: bool) -> None:  # noqa: FBT001
    options: dict[str, Any] = {"quality": 80, "progressive": progressive}
    plain = saved(picture(mode), "JPEG", **options)
    assert digest(plain)
    same = [
        saved(picture(mode), "JPEG", **options, exif=exif()),
        saved(picture(mode), "JPEG", **options, exif=exif(6)),
        saved(picture(mode), "JPEG", **options, comment="a comment", dpi=(300, 300), icc_profile=b"profile"),
        with_segment(plain, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
        with_segment(plain, 0xED, b"Photoshop 3.0\0"),
    ]
    assert {digest(content) for content in same} == {digest(plain)}


def test_what_a_jpeg_decodes_to_matters() -> None:
    plain = saved(picture(), "JPEG", quality=80)
    others = [
        saved(picture(), "JPEG", quality=81),
        saved(picture(), "JPEG", quality=80, progressive=True),
        saved(picture(seed=2), "JPEG", quality=80),
        with_segment(plain, 0xEE, b"Adobe\0\x64\0\0\0\0\0"),  # the colours are then RGB
        plain + b"a video",
    ]
    assert len({digest(content) for content in [plain, *others]}) == 6


def test_metadata_of_a_png_do_not_matter() -> None:
    plain = saved(picture("P"), "PNG", transparency=3)
    same = [
        saved(picture("P"), "PNG", transparency=3, pnginfo=text(), exif=exif(), dpi=(72, 72)),
        with_chunk(plain, b"tIME", b"\x07\xea\x01\x01\0\0\0"),
    ]
    assert {digest(content) for content in same} == {digest(plain)}
    others = [
        saved(picture("P"), "PNG", transparency=4),
        saved(picture("P"), "PNG"),
        saved(picture("P"), "PNG", transparency=3, compress_level=1),
    ]
    assert len({digest(content) for content in [plain, *others]}) == 4


def test_how_the_stream_of_a_png_was_cut_does_not_matter() -> None:
    plain = saved(picture(), "PNG")
    begin = plain.index(b"IDAT") - 4
    (length,) = struct.unpack(">I", plain[begin : begin + 4])
    stream = plain[begin + 8 : begin + 8 + length]
    head = plain[:begin]
    cut = head[:33] + with_chunk(b"" * 33, b"IDAT", stream[:100]) + with_chunk(b"", b"IDAT", stream[100:])
    assert digest(cut + plain[begin + 12 + length :]) == digest(plain)


@pytest.mark.parametrize("form", ["WEBP", "GIF", "PNG"])
def test_every_frame_of_an_animation_matters(form: str) -> None:
    frames = [picture(seed=seed) for seed in (1, 2, 3)]
    same = [saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100) for _ in range(2)]
    other = saved(frames[0], form, save_all=True, append_images=[frames[1], picture(seed=4)], duration=100)
    slower = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=200)
    assert digest(same[0]) == digest(same[1]) is not None
    assert len({digest(same[0]), digest(other), digest(slower), digest(saved(frames[0], form))}) == 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("lossless", [False, True])
def test_metadata_of_a_webp_do_not_matter(mode: str, lossless: bool) -> None:  # noqa: FBT001
    plain = saved(picture(mode), "WEBP", lossless=lossless)
    described = saved(picture(mode), "WEBP", lossless=lossless, exif=exif(3), xmp=b"<x/>", icc_profile=b"profile")
    assert digest(plain) == digest(described) is not None
    assert digest(plain) != digest(saved(picture(mode, seed=2), "WEBP", lossless=lossless))


def test_a_comment_in_a_gif_does_not_matter() -> None:
    plain = saved(picture("P"), "GIF")
    assert digest(plain) == digest(saved(picture("P"), "GIF", comment="hello")) is not None
    assert digest(plain) != digest(saved(picture("P", seed=2), "GIF"))


@pytest.mark.parametrize("form", ["BMP", "TIFF", "AVIF"])
def test_other_formats_have_none(form: str) -> None:
    assert digest(saved(picture(), form)) is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_damaged_content_never_raises(form: str) -> None:
    whole = saved(picture(size=(16, 12)), form)
    for end in range(len(whole)):
        digest_of_part = image_data_digest(io.BytesIO(whole[:end]), f"image/{form.lower()}")
        assert digest_of_part is None or digest_of_part != digest(whole)
    for place in range(min(len(whole), 400)):
        altered = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        image_data_digest(io.BytesIO(altered), f"image/{form.lower()}")
