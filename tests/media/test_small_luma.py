import numpy as np
import pytest
from PIL import Image

from dam.media.perceptual_hash import Reductions
from dam.media.small_luma import (
    INFORMATION_NEEDED,
    SAME_PICTURE,
    Lumas,
    difference,
    from_bytes,
    information,
    small_luma,
    transformed,
)
from dam.media.transforms import Transform, transform_image
from tests.media.pictures import picture


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
    assert difference(transformed(luma_of(image), transform), of_transformed) < SAME_PICTURE


def test_brightness_and_contrast_make_no_difference() -> None:
    image = picture()
    assert difference(luma_of(image), luma_of(image.point(lambda level: 40 + level // 2))) < 0.001
    assert difference(luma_of(image), luma_of(picture(seed=2))) > SAME_PICTURE


def test_many_are_compared_at_once() -> None:
    lumas = from_bytes(b"".join(luma_of(picture(seed=seed)).tobytes() for seed in range(5)))
    assert lumas.shape == (5, 256)
    assert difference(lumas[3], lumas).argmin() == 3
    assert np.allclose(information(lumas), [information(luma) for luma in lumas])


def test_plain_pictures_have_no_information() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    plain = [np.full((64, 64), 200, np.uint8), ramp, np.where(ramp > 127, 255, 0).astype(np.uint8)]
    assert all(information(luma_of(Image.fromarray(plane))) < INFORMATION_NEEDED for plane in plain)
    assert information(luma_of(picture())) >= INFORMATION_NEEDED
