"""Decoding: as displayed, on white, and every failure a DecodeError."""

import io
import struct
import subprocess
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dam.core.errors import DecodeError
from dam.media.images.decoding import DECODABLE, decode
from dam.media.sample import Sample, obstacle
from tests.media.pictures import CASES, FORMATS, picture, saved

ORIENTATION = 0x0112

# Where the stored picture has the corners red, green, blue, white (row by row), what is displayed at the same corners:
# the table of the TIFF 6.0 specification, tag Orientation.
DISPLAYED = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}


def sample(data: bytes, media_type: str) -> Sample:
    return Sample(lambda: io.BytesIO(data), media_type)


def corners(image: Image.Image) -> str:
    width, height = image.size
    names = {(True, False, False): "r", (False, True, False): "g", (False, False, True): "b", (True, True, True): "w"}
    places = [(2, 2), (width - 3, 2), (2, height - 3), (width - 3, height - 3)]
    is_bright: list[list[list[bool]]] = (np.asarray(image.convert("RGB")) > 128).tolist()
    return "".join(names[is_bright[y][x][0], is_bright[y][x][1], is_bright[y][x][2]] for x, y in places)


def four_corners() -> Image.Image:
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    image.paste((0, 255, 0), (32, 0, 64, 16))
    image.paste((0, 0, 255), (0, 16, 32, 32))
    image.paste((255, 255, 255), (32, 16, 64, 32))
    return image


@pytest.mark.parametrize("orientation", DISPLAYED)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied(form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options: dict[str, Any] = {"tiffinfo": {ORIENTATION: orientation}} if form == "TIFF" else {"exif": exif}
    image = sample(saved(four_corners(), form, **options), FORMATS[form]).image
    assert corners(image) == DISPLAYED[orientation]
    assert image.size == ((64, 32) if orientation < 5 else (32, 64))


def test_nonsense_for_an_orientation_is_passed_over() -> None:
    data = saved(four_corners(), "JPEG", exif=b"Exif\0\0nonsense")
    assert corners(sample(data, "image/jpeg").image) == "rgbw"


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "P", {"transparency": 0}),
        ("PNG", "L", {"transparency": 0}),
        ("PNG", "RGB", {"transparency": (0, 0, 0)}),
        ("GIF", "P", {"transparency": 0}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("TIFF", "RGBA", {}),
        ("AVIF", "RGBA", {}),
    ],
)
def test_what_is_transparent_is_white(form: str, mode: str, options: dict[str, Any]) -> None:
    image = Image.new(mode, (32, 32))  # zeros: black, and transparent where the mode has alpha
    data = saved(image, form, **options)
    assert sample(data, FORMATS[form]).luma.getextrema() == (255, 255)


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    data = saved(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG")
    assert sample(data, "image/png").luma.getextrema() == (127, 127)


@pytest.mark.parametrize(("form", "mode"), CASES)
def test_every_mode_has_a_luma_plane(form: str, mode: str) -> None:
    seen = sample(saved(picture(mode), form), FORMATS[form])
    assert (seen.luma.mode, seen.luma.size) == ("L", (96, 64))
    assert np.ptp(np.asarray(seen.luma)) > 50


def test_the_first_frame_of_an_animation_counts() -> None:
    first, second = picture(seed=1).convert("L"), picture(seed=2).convert("L")
    data = saved(first, "GIF", save_all=True, append_images=[second] * 3)
    assert np.array_equal(np.asarray(sample(data, "image/gif").luma), np.asarray(first))


def test_one_decode_serves_all() -> None:
    opened = []
    data = saved(picture(), "PNG")

    def open_content() -> io.BytesIO:
        opened.append(1)
        return io.BytesIO(data)

    seen = Sample(open_content, "image/png")
    assert seen.image is seen.image
    assert seen.luma is seen.luma
    assert len(opened) == 1


def test_one_failure_serves_all() -> None:
    opened = []

    def open_content() -> io.BytesIO:
        opened.append(1)
        return io.BytesIO(b"no picture")

    seen = Sample(open_content, "image/png")
    for _ in range(3):
        with pytest.raises(DecodeError):
            _ = seen.luma
    assert len(opened) == 1


def test_colours_without_a_luma_are_a_decode_error() -> None:
    lab = Image.merge("LAB", [picture("L")] * 3)
    seen = sample(saved(lab, "TIFF"), "image/tiff")
    assert seen.image.size == (96, 64)
    with pytest.raises(DecodeError, match="LAB"):
        _ = seen.luma


def test_content_is_decoded_as_its_media_type_only() -> None:
    with pytest.raises(DecodeError):
        decode(io.BytesIO(saved(picture(), "PNG")), "image/jpeg")


def test_postscript_is_never_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    eps = saved(picture("L"), "EPS")
    for media_type in DECODABLE:
        with pytest.raises(DecodeError):
            decode(io.BytesIO(eps), media_type)
    for media_type in ("application/postscript", "image/eps", "image/x-eps"):
        assert media_type not in DECODABLE
    assert str(obstacle("image/x-eps")) == "there is no decoder for image/x-eps"


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def test_a_pixel_bomb_is_refused() -> None:
    with pytest.raises(DecodeError, match="limit"):
        decode(io.BytesIO(png(30_000, 30_000, chunk(b"IDAT", zlib.compress(bytes(1000))))), "image/png")


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_metadata_bombs_do_not_grow(name: bytes) -> None:
    packed = zlib.compress(bytes(200_000_000))
    body = {b"zTXt": b"a\0\0", b"iCCP": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[name] + packed
    pixels = chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
    try:
        assert decode(io.BytesIO(png(8, 8, chunk(name, body), pixels)), "image/png").size == (8, 8)
    except DecodeError as exc:
        assert "large" in str(exc)  # noqa: PT017  either is right


def test_a_cyclic_tiff_directory_ends() -> None:
    data = bytearray(saved(picture(), "TIFF"))
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    assert sample(bytes(data), "image/tiff").image.size == (96, 64)


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_pictures_decode_or_raise_decode_error(form: str, data: st.DataObject) -> None:
    whole = saved(picture(size=(48, 32)), form)
    start = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.binary(max_size=8))
    end = data.draw(st.sampled_from([len(whole), start + len(damage)]))
    seen = sample(whole[:start] + damage + whole[start + len(damage) : end], FORMATS[form])
    try:
        assert seen.luma.mode == "L"
    except DecodeError as exc:
        assert str(exc)  # noqa: PT017  either is right


@pytest.mark.parametrize("media_type", sorted(DECODABLE))
@given(data=st.binary(max_size=200))
def test_noise_is_a_decode_error(media_type: str, data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(io.BytesIO(data), media_type)
