"""Reduce a large luma plane to several small ones at once, bit for bit equal to Pillow's LANCZOS resize.

Pillow resamples 8-bit planes in two passes, horizontal and then vertical. Each pass multiplies pixels with integer
coefficients of 22 fractional bits, sums, adds a half, shifts, and clips to 8 bits (`Resample.c`). All sums stay below
2^53, so float64 products give the same integers. A matrix product with the coefficients of all target widths replaces
one pass over the plane per width.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOBES = 3
"""Support of the Lanczos kernel: the parameter a."""
FRACTION_BITS = 22
PIXELS_PER_PRODUCT = 1 << 15
"""Pixels in one matrix product: large enough to use the processor well, small enough to fit its cache."""

COLUMNS_PER_PRODUCT = 8
"""Columns of a wide target in one product. Each column depends on a small part of the row's pixels."""

MAX_NARROW_WIDTH = 16
"""Maximum width of a narrow target. Its columns depend on nearly all pixels, so one product computes them all."""


def is_exact(width: int, height: int, sizes: Sequence[tuple[int, int]]) -> bool:
    """Return whether `reduce_plane` equals Pillow's result for a plane of this size.

    Pillow 13 does the vertical pass first where the height exceeds about twice the width; Pillow 12 never does.
    """
    largest = max(map(max, sizes))
    return height >= largest and width >= largest and height <= 2 * (width - largest)


def reduce_plane(plane: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
    """Reduce a plane of shape (height, width) to several sizes (width, height); return arrays of shape (height, width).

    The result equals Pillow's if Pillow does the horizontal pass first and both passes reduce: see `is_exact`.
    """
    height, width = plane.shape
    widths = tuple(sorted({size[0] for size in sizes}, reverse=True))
    strips = np.empty((height, sum(widths)), np.float64)
    rows = max(PIXELS_PER_PRODUCT // width, 1)
    buffer = np.empty((min(rows, height), width), np.float64)
    for top in range(0, height, rows):
        pixels = buffer[: min(rows, height - top)]
        pixels[:] = plane[top : top + rows]
        for product in _products(width, widths):
            strips[top : top + rows, product.columns] = pixels[:, product.pixels] @ product.weights
    _to_8_bits(strips)
    starts = dict(zip(widths, np.cumsum([0, *widths]), strict=False))
    reduced = []
    for target_width, target_height in sizes:
        strip = strips[:, starts[target_width] : starts[target_width] + target_width]
        sums = _coefficients(height, target_height).T @ strip
        reduced.append(_to_8_bits(sums).astype(np.uint8))
    return reduced


def _to_8_bits(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round fixed-point sums and clip them to 8 bits, in place."""
    sums += 1 << (FRACTION_BITS - 1)
    sums /= 1 << FRACTION_BITS
    np.floor(sums, out=sums)
    return np.clip(sums, 0, 255, out=sums)


class _Product(NamedTuple):
    """A matrix product: `pixels` of each row times `weights` give `columns` of the result."""

    pixels: slice
    columns: slice
    weights: NDArray[np.float64]


@lru_cache(maxsize=16)
def _products(length: int, widths: tuple[int, ...]) -> list[_Product]:
    """Return the products that reduce rows of `length` pixels to all `widths`, widest first, side by side."""
    weights = np.hstack([_coefficients(length, width) for width in widths])
    wide = sum(width for width in widths if width > MAX_NARROW_WIDTH)
    columns = [slice(start, min(start + COLUMNS_PER_PRODUCT, wide)) for start in range(0, wide, COLUMNS_PER_PRODUCT)]
    if wide < weights.shape[1]:
        columns.append(slice(wide, weights.shape[1]))
    products = []
    for some in columns:
        used = np.flatnonzero(weights[:, some].any(axis=1))
        pixels = slice(int(used[0]), int(used[-1]) + 1)
        products.append(_Product(pixels, some, np.ascontiguousarray(weights[pixels, some])))
    return products


@lru_cache(maxsize=32)
def _coefficients(length: int, target: int) -> NDArray[np.float64]:
    """Return Pillow's integer coefficients that reduce `length` pixels to `target`, shape (length, target)."""
    scale = length / target
    support = LOBES * scale
    weights = np.zeros((length, target))
    for column in range(target):
        center = (column + 0.5) * scale
        first = max(int(center - support + 0.5), 0)
        last = min(int(center + support + 0.5), length)
        window = _lanczos((np.arange(first, last, dtype=np.float64) - center + 0.5) * (1 / scale))
        window /= np.cumsum(window)[-1]  # sequential sum, as in C
        weights[first:last, column] = np.trunc(np.copysign(0.5, window) + window * (1 << FRACTION_BITS))
    return weights


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((x >= -LOBES) & (x < LOBES), np.sinc(x) * np.sinc(x / LOBES), 0.0)
