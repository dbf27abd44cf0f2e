"""The small luma picture of an image, by which candidates with near perceptual hashes are verified.

A luma is 16 × 16 pixels, row by row from the top left, each one byte. Functions take arrays of shape (…, 256) and work
on many at once. doc/similarity.md has what the two measures and their limits were chosen by.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dam.media.images.perceptual_hash import DCT_SIDE, Reductions
from dam.media.images.perceptual_hash import SIDE as FREQUENCIES
from dam.media.images.transforms import Transform, transform_square

SIDE = DCT_SIDE // 2
PIXELS = SIDE * SIDE

MIN_INFORMATION = 5.0
"""Below this many bits, a picture is too plain for its hash to say anything."""

MAX_DIFFERENCE = 0.2
"""Above this difference, two lumas are of different pictures."""

NOISE = 16.0
"""What the square of a singular value may come to by noise and compression alone, in squared levels of grey."""

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


def phashes(lumas: Lumas) -> NDArray[np.uint64]:
    """Return the pHash of each picture as nearly as its luma tells, shape (…): within 4 bits for 19 photos of 20.

    So the pHash of a transformed picture is known without decoding it again.
    """
    rows = _dct_rows()
    low = rows @ lumas.reshape(*lumas.shape[:-1], SIDE, SIDE).astype(np.float64) @ rows.T
    values = low.reshape(*lumas.shape[:-1], FREQUENCIES * FREQUENCIES)
    bits = values > np.median(values, axis=-1, keepdims=True)
    return np.packbits(bits, axis=-1).view(">u8")[..., 0].astype(np.uint64)


def transformed_distance(one: Lumas, other: Lumas, transform: Transform) -> NDArray[np.int64]:
    """Return in how many bits the pHashes differ once the first of two pictures is transformed, shape (…).

    The greater one of the distances with the first transformed, and with the second transformed back: so it is the same
    whichever of the two comes first.
    """
    there = phashes(transformed(one, transform)) ^ phashes(other)
    back = phashes(one) ^ phashes(transformed(other, transform.inverse))
    distances: NDArray[np.int64] = np.maximum(np.bitwise_count(there), np.bitwise_count(back)).astype(np.int64)
    return distances


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Return the first 8 rows of the DCT-II of 32 values, as applied to their means by two, shape (8, 16)."""
    frequency, place = np.ogrid[:FREQUENCIES, :SIDE]
    rows: NDArray[np.float64] = np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    return rows / np.cos(np.pi * frequency / (2 * DCT_SIDE))


def information(lumas: Lumas) -> NDArray[np.float64]:
    """Return how many bits of structure each picture has beyond the plainest, shape (…).

    A plain picture is a profile across plus a profile down plus one product of the two: flat areas, gradients, a light
    and a dark half, frames, stripes. So the means of rows and columns are taken off, and the largest singular value is
    left out; each other one counts as a Gaussian channel would, with half the logarithm of its signal over the noise.
    """
    strengths = np.linalg.svd(_without_profiles(lumas), compute_uv=False)[..., 1:]
    bits: NDArray[np.float64] = np.log2(1 + strengths**2 / NOISE).sum(axis=-1) / 2
    return bits


def are_plain(lumas: Lumas) -> NDArray[np.bool_]:
    """Tell which of n pictures have less information than is needed, shape (n,).

    For most, a lower bound tells, in a third of the time. With s the singular values, the determinant of I + A Aᵀ / 16
    is the product of all 1 + s² / 16; and the largest s² is at most the root of the sum of all s⁴, the norm of A Aᵀ.
    """
    squares = _without_profiles(lumas)
    signals = squares @ squares.swapaxes(-1, -2) / NOISE
    largest = np.linalg.norm(signals, axis=(-2, -1))
    roots = np.linalg.cholesky(signals + np.eye(SIDE)).diagonal(axis1=-2, axis2=-1)
    at_least = np.log2(roots).sum(axis=-1) - np.log2(1 + largest) / 2
    plain: NDArray[np.bool_] = at_least < MIN_INFORMATION + 0.001  # what is that near is computed to be sure
    plain[plain] = information(lumas[plain]) < MIN_INFORMATION
    return plain


def _without_profiles(lumas: Lumas) -> NDArray[np.float64]:
    """Return the pictures less the means of their rows and columns, shape (…, 16, 16)."""
    squares = lumas.reshape(*lumas.shape[:-1], SIDE, SIDE).astype(np.float64)
    squares -= squares.mean(axis=-1, keepdims=True)
    squares -= squares.mean(axis=-2, keepdims=True)
    return squares


def difference(one: Lumas, other: Lumas) -> NDArray[np.float64]:
    """Return how much lumas differ but for brightness and contrast, from 0 (not at all) to 2 (negatives), shape (…).

    It is 1 minus the cosine between the steps from pixel to pixel, across and down. Of each step counts the root, so
    that a few hard edges, such as of a caption, do not outweigh the picture. Shapes broadcast: one luma can be compared
    with many.
    """
    agreement: NDArray[np.float64] = np.einsum("...i,...i->...", _steps(one), _steps(other))
    return np.clip(1.0 - agreement, 0.0, 2.0)


def _steps(lumas: Lumas) -> NDArray[np.float64]:
    """Return the signed roots of the steps between neighbours, of length 1 (0 for a flat picture), shape (…, 480)."""
    squares = lumas.reshape(*lumas.shape[:-1], SIDE, SIDE).astype(np.int16)
    across, down = np.diff(squares, axis=-1), np.diff(squares, axis=-2)
    flat = (*lumas.shape[:-1], SIDE * (SIDE - 1))
    steps = np.concatenate([across.reshape(flat), down.reshape(flat)], axis=-1)
    length = np.sqrt(np.abs(steps).sum(axis=-1, keepdims=True, dtype=np.int64))
    unit: NDArray[np.float64] = _signed_roots()[steps + 255]
    unit /= np.maximum(length, 1.0)  # a length below 1 is 0: steps are whole
    return unit


@cache
def _signed_roots() -> NDArray[np.float64]:
    """Return the roots of -255 to 255, with the sign: there are few steps, and so many of each."""
    steps = np.arange(-255, 256)
    roots: NDArray[np.float64] = np.sign(steps) * np.sqrt(np.abs(steps))
    return roots
