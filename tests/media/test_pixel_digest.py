import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dam.core.errors import DecodeError
from dam.media.files.media_type import media_type
from dam.media.images.pixel_digest import pixel_digest
from tests.media.pictures import picture, saved


def digest(content: bytes) -> str | None:
    return pixel_digest(io.BytesIO(content), media_type(content, ""))


LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("PNG", {"compress_level": 1}),
    ("BMP", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("WEBP", {"lossless": True}),
]


def test_the_same_pixels_in_any_format() -> None:
    assert len({digest(saved(picture(), form, **options)) for form, options in LOSSLESS}) == 1
    assert digest(saved(picture(), "JPEG")) != digest(saved(picture(), "PNG"))


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_the_same_colours_in_any_mode(mode: str) -> None:
    small = picture(mode)
    assert digest(saved(small, "PNG")) == digest(saved(small.convert("RGB"), "BMP"))


def test_one_pixel_matters() -> None:
    pixels = np.array(picture())
    pixels[3, 4, 1] ^= 1
    assert digest(saved(Image.fromarray(pixels), "PNG")) != digest(saved(picture(), "PNG"))


def test_the_shape_matters() -> None:
    flat = Image.new("RGB", (40, 20), "red")
    assert digest(saved(flat, "PNG")) != digest(saved(flat.resize((20, 40)), "PNG"))


def test_orientation_is_applied() -> None:
    turned = saved(picture().transpose(Image.Transpose.ROTATE_90), "TIFF", tiffinfo={0x0112: 6})
    assert digest(turned) == digest(saved(picture(), "PNG"))


def test_transparency_matters_and_hidden_colours_do_not() -> None:
    pixels = np.array(picture("RGBA"))
    pixels[..., 3] = 255
    assert digest(saved(Image.fromarray(pixels), "PNG")) == digest(saved(Image.fromarray(pixels[..., :3]), "PNG"))
    pixels[:5, :5, 3] = 0
    hidden = pixels.copy()
    hidden[:5, :5, :3] = 7
    assert digest(saved(Image.fromarray(pixels), "PNG")) == digest(saved(Image.fromarray(hidden), "PNG"))
    white = pixels.copy()
    white[:5, :5] = 255
    assert digest(saved(Image.fromarray(pixels), "PNG")) != digest(saved(Image.fromarray(white), "PNG"))


def test_an_animation_has_none() -> None:
    content = saved(picture(), "GIF", save_all=True, append_images=[picture(seed=2)])
    assert digest(content) is None


def test_damaged_content_is_refused() -> None:
    with pytest.raises(DecodeError):
        digest(saved(picture(), "PNG")[:200])
