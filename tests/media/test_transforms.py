import numpy as np
import pytest
from PIL import Image

from dam.media.images.transforms import Transform, transform_image, transform_square
from tests.media.pictures import picture

each_transform = pytest.mark.parametrize("transform", Transform)


@each_transform
def test_squares_and_images_are_transformed_alike(transform: Transform) -> None:
    square = np.arange(9, dtype=np.uint8).reshape(3, 3)
    image = transform_image(Image.fromarray(square), transform)
    assert np.array_equal(transform_square(square, transform), np.asarray(image))
    assert np.array_equal(transform_square(np.stack([square, square.T]), transform)[0], np.asarray(image))


@each_transform
def test_the_inverse_undoes_it(transform: Transform) -> None:
    image = picture(size=(7, 4))
    assert transform_image(transform_image(image, transform), transform.inverse).tobytes() == image.tobytes()


def test_the_eight_differ() -> None:
    square = np.arange(9, dtype=np.uint8).reshape(3, 3)
    assert len({transform_square(square, transform).tobytes() for transform in Transform}) == 8


def test_the_names_mean_what_they_say() -> None:
    square = np.array([[1, 2], [3, 4]])
    assert transform_square(square, Transform.ROTATED_90).tolist() == [[3, 1], [4, 2]]
    assert transform_square(square, Transform.MIRRORED).tolist() == [[2, 1], [4, 3]]
    assert transform_square(square, Transform.FLIPPED).tolist() == [[3, 4], [1, 2]]
