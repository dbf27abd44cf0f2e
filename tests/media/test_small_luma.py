import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from dam.media.images.perceptual_hash import Reductions, phash
from dam.media.images.small_luma import (
    MAX_DIFFERENCE,
    MIN_INFORMATION,
    Lumas,
    are_plain,
    difference,
    from_bytes,
    information,
    phashes,
    small_luma,
    transformed,
)
from dam.media.images.transforms import Transform, transform_image
from tests.media.pictures import picture, saved


def luma_of(image: Image.Image) -> Lumas:
    return small_luma(Reductions(image.convert("L")))


def test_it_is_the_mean_of_four_pixels_rounded_half_up() -> None:
    plane = np.zeros((32, 32), np.uint8)
    plane[0, 0], plane[30:, 30:] = 2, [[1, 2], [3, 4]]
    luma = luma_of(Image.fromarray(plane))
    assert luma.shape == (256,)
    assert (luma[0], luma[1], luma[255]) == (1, 0, 3)


@pytest.mark.parametrize("transform", Transform)
def test_a_transformed_luma_is_that_of_the_transformed_picture(transform: Transform) -> None:
    image = picture(size=(320, 320))
    of_transformed = luma_of(transform_image(image, transform))
    assert np.abs(transformed(luma_of(image), transform).astype(int) - of_transformed).max() <= 2  # Pillow rounds twice
    assert difference(transformed(luma_of(image), transform), of_transformed) < MAX_DIFFERENCE


@pytest.mark.parametrize("transform", Transform)
def test_it_tells_the_phash_of_a_transformed_picture(transform: Transform) -> None:
    image = picture(size=(320, 200))
    told = phashes(transformed(luma_of(image), transform))
    exact = int(phash(Reductions(transform_image(image, transform).convert("L"))), 16)
    assert (int(told) ^ exact).bit_count() <= 4
    assert phashes(np.stack([luma_of(image)] * 3)).tolist() == [int(phashes(luma_of(image)))] * 3


def test_brightness_and_contrast_make_hardly_a_difference() -> None:
    image = picture()
    assert difference(luma_of(image), luma_of(image.point(lambda level: 40 + level // 2))) < MAX_DIFFERENCE / 10
    assert difference(luma_of(image), luma_of(image)) < 1e-9
    assert difference(luma_of(image), luma_of(ImageOps.invert(image))) > 1.9


def test_a_copy_is_the_same_picture_and_another_is_not() -> None:
    image = picture(size=(300, 200))
    copies = [image.resize((150, 100)), Image.open(io.BytesIO(saved(image, "JPEG", quality=30))), captioned(image)]
    copies.append(image.crop((3, 2, 297, 198)))
    assert difference(luma_of(image), np.stack([luma_of(copy) for copy in copies])).max() < MAX_DIFFERENCE
    assert difference(luma_of(image), luma_of(picture(seed=2))) > MAX_DIFFERENCE


def captioned(image: Image.Image) -> Image.Image:
    captioned = image.copy()
    captioned.paste("white", (10, 180, 100, 190))
    return captioned


def test_many_are_compared_at_once() -> None:
    lumas = from_bytes(b"".join(luma_of(picture(seed=seed)).tobytes() for seed in range(5)))
    assert lumas.shape == (5, 256)
    assert difference(lumas[3], lumas).argmin() == 3
    assert np.allclose(difference(lumas, lumas[::-1]), difference(lumas[::-1], lumas))
    assert np.allclose(information(lumas), [information(luma) for luma in lumas])


DOWN, ACROSS = np.mgrid[:256, :256] / 256
PLAIN = {
    "flat": 0 * DOWN + 0.8,
    "gradient": ACROSS,
    "slanting gradient": (2 * ACROSS + DOWN) / 3,
    "half light, half dark": (ACROSS > 0.4) * 0.9,
    "sky over sea": np.where(DOWN < 0.45, 0.9 - 0.2 * DOWN, 0.2 + 0.1 * DOWN),
    "framed": ((abs(ACROSS - 0.5) < 0.4) & (abs(DOWN - 0.5) < 0.4)) * 0.7,
    "vignette": 0.9 - (ACROSS - 0.5) ** 2 - (DOWN - 0.5) ** 2,
    "noise": 0.5 + np.random.default_rng(1).normal(0, 0.02, DOWN.shape),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_pictures_have_too_little_information(name: str) -> None:
    plain = Image.fromarray((PLAIN[name] * 255).astype(np.uint8))
    assert information(luma_of(plain)) < MIN_INFORMATION
    assert information(luma_of(picture())) >= MIN_INFORMATION


def test_the_bound_never_calls_a_plain_picture_full() -> None:
    random = np.random.default_rng(4)
    shades = random.integers(0, 256, (3000, 16, 1)) * np.ones((1, 1, 16))
    noise = random.normal(0, 1, (3000, 16, 16)) * np.geomspace(0.1, 30, 3000)[:, np.newaxis, np.newaxis]
    lumas = (shades + noise).clip(0, 255).astype(np.uint8).reshape(3000, 256)
    expected = information(lumas) < MIN_INFORMATION
    assert 0.1 < expected.mean() < 0.9
    assert np.array_equal(are_plain(lumas), expected)
    assert are_plain(np.zeros((1, 256), np.uint8)).all()
    assert are_plain(lumas[:0]).shape == (0,)


def test_the_difference_is_that_of_its_definition() -> None:
    random = np.random.default_rng(5)
    lumas = random.integers(0, 256, (2, 200, 256), np.uint8)

    def steps(luma: Lumas) -> np.ndarray:
        square = luma.reshape(16, 16).astype(float)
        all_ = np.concatenate([np.diff(square, axis=1).ravel(), np.diff(square, axis=0).ravel()])
        roots: np.ndarray = np.sign(all_) * np.sqrt(np.abs(all_))
        return roots

    for one, other in zip(*lumas, strict=True):
        first, second = steps(one), steps(other)
        cosine = first @ second / np.sqrt((first @ first) * (second @ second))
        assert difference(one, other) == pytest.approx(1 - cosine)
