"""The small luma picture of an image: the second look at what a perceptual hash calls similar.

A luma is 16 × 16 pixels, row by row from the top left, each one byte. Functions take arrays of shape (…, 256) and work
on many at once.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dam.media.perceptual_hash import DCT_SIDE, Reductions
from dam.media.transforms import Transform, transform_square

SIDE = DCT_SIDE // 2
PIXELS = SIDE * SIDE

INFORMATION_NEEDED = 2.0
"""Below this, pictures are too plain for a perceptual hash to say anything."""

SAME_PICTURE = 0.1
"""Above this difference, two lumas are of different pictures."""

NOISE = 1.0
"""Variance of a luma that may be rounding and compression alone, in squared levels of grey."""

Lumas = NDArray[np.uint8]


def small_luma(picture: Reductions) -> Lumas:
    """Return the luma of a picture, shape (256,): means of 2 × 2 pixels of the plane that the pHash is made from.

    Halves are rounded up, so that a transformed picture has the transformed luma.
    """
    plane = picture.reduced(DCT_SIDE, DCT_SIDE).astype(np.uint16)
    sums = plane.reshape(SIDE, 2, SIDE, 2).sum(axis=(1, 3), dtype=np.uint16)
    luma: Lumas = ((sums + 2) // 4).astype(np.uint8).reshape(PIXELS)
    return luma


def from_bytes(stored: bytes) -> Lumas:
    """Return one luma, shape (256,), or many that stand one behind the other, shape (n, 256)."""
    lumas = np.frombuffer(stored, np.uint8)
    return lumas if lumas.size == PIXELS else lumas.reshape(-1, PIXELS)


def transformed(lumas: Lumas, transform: Transform) -> Lumas:
    """Return what the luma of each transformed picture is."""
    squares = lumas.reshape(*lumas.shape[:-1], SIDE, SIDE)
    return transform_square(squares, transform).reshape(lumas.shape)


def information(lumas: Lumas) -> NDArray[np.float64]:
    """Return how many frequencies each picture effectively consists of, shape (…): 0 for a flat one.

    It is the participation ratio of the energies of its DCT-II without the mean: 1 when all is in one frequency.
    """
    squares = lumas.reshape(*lumas.shape[:-1], SIDE, SIDE).astype(np.float64)
    rows = _dct_rows()
    energies = (rows @ squares @ rows.T).reshape(lumas.shape) ** 2 / PIXELS
    energies[..., 0] = 0
    total = energies.sum(axis=-1)
    effective = total**2 / np.maximum((energies**2).sum(axis=-1), np.finfo(np.float64).tiny)
    return np.where(total > NOISE, effective, 0.0)


def difference(one: Lumas, other: Lumas) -> NDArray[np.float64]:
    """Return how much lumas differ but for brightness and contrast, from 0 (not at all) to 2 (negatives), shape (…).

    It is 1 minus their correlation. Shapes broadcast: one luma can be compared with many.
    """
    agreement: NDArray[np.float64] = (_normalised(one) * _normalised(other)).sum(axis=-1)
    return 1.0 - agreement


def _normalised(lumas: Lumas) -> NDArray[np.float64]:
    centred = lumas - lumas.mean(axis=-1, keepdims=True, dtype=np.float64)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    normalised: NDArray[np.float64] = centred / np.maximum(length, np.finfo(np.float64).tiny)
    return normalised


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Return the orthonormal DCT-II of 16 values, shape (16, 16)."""
    frequency, place = np.ogrid[:SIDE, :SIDE]
    rows: NDArray[np.float64] = np.sqrt(2 / SIDE) * np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    rows[0] /= np.sqrt(2)
    return rows
