import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.media.images.perceptual_hash import SIZES
from dam.media.images.reduction import is_exact, reduce_plane


@given(
    width=st.integers(48, 500),
    height=st.integers(32, 1000),
    seed=st.integers(0, 2**32 - 1),
    levels=st.integers(2, 256),
)
def test_reduction_equals_pillow(width: int, height: int, seed: int, levels: int) -> None:
    height = min(height, 2 * (width - 32))  # the tallest are the likeliest to be left to Pillow
    noise = np.random.default_rng(seed).integers(0, levels, (height, width), dtype=np.uint8)
    plane = noise * np.uint8(255 // (levels - 1))
    assert is_exact(width, height, SIZES)
    for size, mine in zip(SIZES, reduce_plane(plane, SIZES), strict=True):
        assert np.array_equal(mine, np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS)))


def test_tall_and_tiny_planes_are_left_to_pillow() -> None:
    assert not is_exact(100, 137, SIZES)
    assert not is_exact(31, 31, SIZES)
    assert not is_exact(200, 31, SIZES)
