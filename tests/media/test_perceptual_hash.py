"""Perceptual hashes are those of the imagehash library, bit for bit, for the picture as it is displayed."""

import io

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from dam.media.images.perceptual_hash import Reductions, ahash, dhash, phash
from dam.media.sample import Sample
from tests.media.pictures import CASES, FORMATS, picture, saved

HASHES = [(ahash, imagehash.average_hash), (dhash, imagehash.dhash), (phash, imagehash.phash)]


def prepared(data: bytes) -> Image.Image:
    """Orientation applied, then on white: written out here once more, as the documentation says it."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if not image.has_transparency_data:
        return image
    rgba = image.convert("RGBA")
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    white.alpha_composite(rgba)
    return white.convert("RGB")


def assert_equal_to_imagehash(luma: Image.Image, image: Image.Image) -> None:
    for ours, theirs in HASHES:
        assert ours(Reductions(luma)) == str(theirs(image)), theirs.__name__


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(("form", "mode"), CASES)
def test_every_format_and_mode(form: str, mode: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if form in ("BMP", "GIF") else {"exif": exif}
    data = saved(picture(mode, size=(211, 140)), form, **options)
    assert_equal_to_imagehash(Sample(lambda: io.BytesIO(data), FORMATS[form]).luma, prepared(data))


@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)), seed=st.integers(0, 2**32), levels=st.sampled_from([2, 256])
)
@settings(max_examples=200)
def test_noise_of_every_size(size: tuple[int, int], seed: int, levels: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, levels, (*size, 3)) * (255 // (levels - 1))
    image = Image.fromarray(pixels.astype(np.uint8))
    assert_equal_to_imagehash(image.convert("L"), image)


@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    colours=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    share=st.floats(0, 1),
    upright=st.booleans(),
)
@settings(max_examples=200)
def test_flat_and_two_part_pictures(
    size: tuple[int, int], colours: tuple[int, int], share: float, *, upright: bool
) -> None:
    image = Image.new("L", size, colours[0])
    width, height = size
    image.paste(colours[1], (0, 0, int(width * share), height) if upright else (0, 0, width, int(height * share)))
    assert_equal_to_imagehash(image, image)


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (32, 32), (1, 1), (4000, 3)])
def test_gradients_of_telling_sizes(size: tuple[int, int]) -> None:
    image = Image.linear_gradient("L").resize(size)
    assert_equal_to_imagehash(image, image)
