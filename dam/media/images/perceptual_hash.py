"""Perceptual hashes of a luma plane, bit for bit equal to those of the imagehash library.

A hash has 64 bits in row-major order from the top left, most significant bit first, as 16 hexadecimal digits.

- aHash: a pixel of the 8 × 8 plane is brighter than the mean (N. Krawetz, "Looks Like It", 2011).
- dHash: a pixel of the 9 × 8 plane is brighter than its left neighbour (N. Krawetz, "Kind of Like That", 2013).
- pHash: a coefficient among the 8 × 8 lowest frequencies of the DCT-II of the 32 × 32 plane is above their median
  (C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
"""

from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dam.media.images.reduction import is_exact, reduce_plane

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 8
DCT_SIDE = 32
SIZES = ((DCT_SIDE, DCT_SIDE), (SIDE, SIDE), (SIDE + 1, SIDE))
MEDIAN_TOLERANCE = 1e-6
"""Minimum gap around the median; below it, rounding errors can decide on which side a coefficient falls."""


class Reductions:
    """Reductions of an image in mode `L` to the sizes of all hashes, computed once."""

    def __init__(self, image: "Image") -> None:
        self.image = image

    def reduced(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return the plane at one of `SIZES`, shape (height, width), equal to Pillow's LANCZOS resize."""
        return self._reduced[width, height]

    @cached_property
    def _reduced(self) -> dict[tuple[int, int], NDArray[np.uint8]]:
        if is_exact(*self.image.size, SIZES):
            planes = reduce_plane(np.asarray(self.image), SIZES)
        else:
            from PIL.Image import Resampling  # noqa: PLC0415  comparing hashes needs no Pillow

            planes = [np.asarray(self.image.resize(size, Resampling.LANCZOS)) for size in SIZES]
        return dict(zip(SIZES, planes, strict=True))


def ahash(reductions: Reductions) -> str:
    """Return the average hash, 16 hexadecimal digits."""
    pixels = reductions.reduced(SIDE, SIDE).astype(np.int64)
    return _digits(pixels * pixels.size > pixels.sum())


def dhash(reductions: Reductions) -> str:
    """Return the horizontal gradient hash, 16 hexadecimal digits."""
    pixels = reductions.reduced(SIDE + 1, SIDE)
    return _digits(pixels[:, 1:] > pixels[:, :-1])


def phash(reductions: Reductions) -> str:
    """Return the DCT hash, 16 hexadecimal digits."""
    rows = _dct_rows()
    low = rows @ reductions.reduced(DCT_SIDE, DCT_SIDE).astype(np.float64) @ rows.T
    below, above = np.sort(low, axis=None)[[low.size // 2 - 1, low.size // 2]]
    if above - below < MEDIAN_TOLERANCE:
        import imagehash  # noqa: PLC0415  imports scipy, which takes 0.25 s and is rarely needed

        return str(imagehash.phash(reductions.image))
    return _digits(low > (below + above) / 2)


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Return the first 8 rows of the unnormalised DCT-II matrix of 32 points, shape (8, 32)."""
    frequency, sample = np.ogrid[:SIDE, :DCT_SIDE]
    rows: NDArray[np.float64] = 2 * np.cos(np.pi * frequency * (2 * sample + 1) / (2 * DCT_SIDE))
    return rows


def _digits(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()
