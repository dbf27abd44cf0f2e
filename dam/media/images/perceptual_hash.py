"""Perceptual hashes of a luma plane, bit for bit those of the imagehash library.

A hash is 64 bits, row by row from the top left, the first bit the most significant, as 16 hexadecimal digits.

- aHash: brighter than the mean of the 8 × 8 picture (N. Krawetz, "Looks Like It", 2011).
- dHash: brighter than the left neighbour in the 9 × 8 picture (N. Krawetz, "Kind of Like That", 2013).
- pHash: above the median of the 8 × 8 lowest frequencies of the DCT-II of the 32 × 32 picture (C. Zauner,
  "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
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
TIE = 1e-6
"""Frequencies closer than this to the median may fall on either side of it by rounding alone."""


class Reductions:
    """A picture in mode `L`, reduced once to the sizes of all hashes."""

    def __init__(self, image: "Image") -> None:
        self.image = image

    def reduced(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return the plane at one of `SIZES`, shape (height, width), as Pillow's LANCZOS resize gives it."""
        return self._reduced[width, height]

    @cached_property
    def _reduced(self) -> dict[tuple[int, int], NDArray[np.uint8]]:
        if is_exact(*self.image.size, SIZES):
            planes = reduce_plane(np.asarray(self.image), SIZES)
        else:
            from PIL.Image import Resampling  # noqa: PLC0415  what compares hashes needs no Pillow

            planes = [np.asarray(self.image.resize(size, Resampling.LANCZOS)) for size in SIZES]
        return dict(zip(SIZES, planes, strict=True))


def ahash(picture: Reductions) -> str:
    """Return the average hash."""
    pixels = picture.reduced(SIDE, SIDE).astype(np.int64)
    return _digits(pixels * pixels.size > pixels.sum())


def dhash(picture: Reductions) -> str:
    """Return the horizontal gradient hash."""
    pixels = picture.reduced(SIDE + 1, SIDE)
    return _digits(pixels[:, 1:] > pixels[:, :-1])


def phash(picture: Reductions) -> str:
    """Return the DCT hash."""
    rows = _dct_rows()
    low = rows @ picture.reduced(DCT_SIDE, DCT_SIDE).astype(np.float64) @ rows.T
    below, above = np.sort(low, axis=None)[[low.size // 2 - 1, low.size // 2]]
    if above - below < TIE:
        import imagehash  # noqa: PLC0415  brings scipy: 0.25 s, and seldom needed

        return str(imagehash.phash(picture.image))
    return _digits(low > (below + above) / 2)


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Return the first 8 rows of the unnormalised DCT-II of 32 values, shape (8, 32)."""
    frequency, place = np.ogrid[:SIDE, :DCT_SIDE]
    rows: NDArray[np.float64] = 2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * DCT_SIDE))
    return rows


def _digits(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()
