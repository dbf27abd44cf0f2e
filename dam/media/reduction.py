"""Reducing a large luma plane to several tiny ones at once, bit for bit as Pillow's LANCZOS resize does.

Pillow resamples 8-bit planes in two passes, across and then down. Each sums pixels times integer weights with 22
fractional bits, adds a half, shifts and clips to 8 bits (its `Resample.c`). All sums stay below 2^53, so float64
products give the same integers, and one matrix product of the plane with the weights of all wanted widths side by side
replaces several passes over it.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LOBES = 3
FRACTION_BITS = 22
ROWS = 128
"""Rows in one product: enough to keep the processor busy, few enough to stay in its cache."""


TALLEST = 1.7
NARROWEST = 128
"""Pillow 13 goes down first on planes that are nearly twice as tall as wide; on tiny ones, on less tall ones too."""


def is_exact(width: int, height: int, sizes: Sequence[tuple[int, int]]) -> bool:
    """Tell whether `reduce_plane` gives what Pillow gives for a plane of this size."""
    reduces = all(width >= size[0] and height >= size[1] for size in sizes)
    return reduces and width >= NARROWEST and height <= TALLEST * width


def reduce_plane(plane: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.uint8]]:
    """Return a plane of shape (height, width) at several smaller sizes (width, height), each of shape (height, width).

    Equal to Pillow where that goes across first and only reduces: see `is_exact`.
    """
    height, width = plane.shape
    widths = list(dict.fromkeys(size[0] for size in sizes))
    across = _side_by_side(width, tuple(widths))
    strips = np.empty((height, across.shape[1]), np.float64)
    for top in range(0, height, ROWS):
        strips[top : top + ROWS] = plane[top : top + ROWS].astype(np.float64) @ across
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


@lru_cache(maxsize=16)
def _side_by_side(length: int, wanted: tuple[int, ...]) -> NDArray[np.float64]:
    return np.hstack([_weights(length, number) for number in wanted])


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
