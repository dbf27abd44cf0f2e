"""Reducing a large luma plane to several tiny ones at once, bit for bit as Pillow's LANCZOS resize does.

Pillow resamples 8-bit planes in two passes, across and then down. Each sums pixels times integer weights with 22
fractional bits, adds a half, shifts and clips to 8 bits (its `Resample.c`). All sums stay below 2^53, so float64
products give the same integers, and matrix products with the weights of all wanted widths replace several passes over
the plane.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOBES = 3
FRACTION_BITS = 22
PIXELS = 1 << 15
"""Pixels in one product: enough to keep the processor busy, few enough to stay in its cache."""

BAND = 8
"""Columns of a wide result in one product: each is made of few of the pixels of a row."""

NARROW = 16
"""A column of a result up to this wide is made of nearly all pixels: one product for all such takes less time."""


def is_exact(width: int, height: int, sizes: Sequence[tuple[int, int]]) -> bool:
    """Tell whether `reduce_plane` gives what Pillow gives for a plane of this size.

    Pillow 13 goes down first where the height and some pixels more are over twice the width; Pillow 12 never does.
    """
    largest = max(map(max, sizes))
    return height >= largest and width >= largest and height <= 2 * (width - largest)


def reduce_plane(plane: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
    """Return a plane of shape (height, width) at several smaller sizes (width, height), each of shape (height, width).

    Equal to Pillow where that goes across first and only reduces: see `is_exact`.
    """
    height, width = plane.shape
    widths = tuple(sorted({size[0] for size in sizes}, reverse=True))
    strips = np.empty((height, sum(widths)), np.float64)
    rows = max(PIXELS // width, 1)
    buffer = np.empty((min(rows, height), width), np.float64)
    for top in range(0, height, rows):
        pixels = buffer[: min(rows, height - top)]
        pixels[:] = plane[top : top + rows]
        for across in _products(width, widths):
            strips[top : top + rows, across.columns] = pixels[:, across.pixels] @ across.weights
    _to_8_bits(strips)
    starts = dict(zip(widths, np.cumsum([0, *widths]), strict=False))
    reduced = []
    for wanted_width, wanted_height in sizes:
        strip = strips[:, starts[wanted_width] : starts[wanted_width] + wanted_width]
        down = _weights(height, wanted_height).T @ strip
        reduced.append(_to_8_bits(down).astype(np.uint8))
    return reduced


def _to_8_bits(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round and clip sums of weighted pixels, in place."""
    sums += 1 << (FRACTION_BITS - 1)
    sums /= 1 << FRACTION_BITS
    np.floor(sums, out=sums)
    return np.clip(sums, 0, 255, out=sums)


class _Product(NamedTuple):
    """Some pixels of each row, times weights, are some columns of the result."""

    pixels: slice
    columns: slice
    weights: NDArray[np.float64]


@lru_cache(maxsize=16)
def _products(length: int, widths: tuple[int, ...]) -> list[_Product]:
    """Return what makes rows of `length` pixels into rows of all `widths`, widest first, side by side."""
    weights = np.hstack([_weights(length, wanted) for wanted in widths])
    wide = sum(wanted for wanted in widths if wanted > NARROW)
    columns = [slice(start, min(start + BAND, wide)) for start in range(0, wide, BAND)]
    if wide < weights.shape[1]:
        columns.append(slice(wide, weights.shape[1]))
    products = []
    for some in columns:
        used = np.flatnonzero(weights[:, some].any(axis=1))
        pixels = slice(int(used[0]), int(used[-1]) + 1)
        products.append(_Product(pixels, some, np.ascontiguousarray(weights[pixels, some])))
    return products


@lru_cache(maxsize=32)
def _weights(length: int, wanted: int) -> NDArray[np.float64]:
    """Return the weights that reduce `length` pixels to `wanted`, shape (length, wanted): integers, as Pillow's."""
    scale = length / wanted
    support = LOBES * scale
    weights = np.zeros((length, wanted))
    for column in range(wanted):
        center = (column + 0.5) * scale
        first = max(int(center - support + 0.5), 0)
        last = min(int(center + support + 0.5), length)
        window = _lanczos((np.arange(first, last, dtype=np.float64) - center + 0.5) * (1 / scale))
        window /= np.cumsum(window)[-1]  # summed in order, as in C
        weights[first:last, column] = np.trunc(np.copysign(0.5, window) + window * (1 << FRACTION_BITS))
    return weights


def _lanczos(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where((x >= -LOBES) & (x < LOBES), np.sinc(x) * np.sinc(x / LOBES), 0.0)
