"""Compute the band values to look up, so that no hash within a Hamming distance is missed.

M. Norouzi, A. Punjani, D. J. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012, proposition 2: with
m bands, two hashes within distance r = m s + a differ in at most s bits in one of the first a + 1 bands, or in at most
s - 1 bits in one of the others.
"""

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.bands import BAND_BITS, BANDS, gather

BAND_VALUES = 1 << BAND_BITS
MAX_DISTANCE = BAND_BITS * len(BANDS)
"""Maximum Hamming distance of two hashes."""


def radii(distance: int) -> tuple[int, ...]:
    """Return the search radius in each band; negative if a band need not be searched."""
    radius, bands_beyond = divmod(distance, len(BANDS))
    return tuple(radius if place <= bands_beyond else radius - 1 for place in range(len(BANDS)))


def count_probes(distance: int) -> int:
    """Return the number of band values to look up."""
    return sum(comb(BAND_BITS, bits) for radius in radii(distance) for bits in range(radius + 1))


def probes(bits: int, distance: int) -> dict[int, NDArray[np.int64]]:
    """Return the values to look up, by band; bands without any are omitted."""
    return {
        band: _ball(radius) ^ gather(bits, band)
        for band, radius in zip(BANDS, radii(distance), strict=True)
        if radius >= 0
    }


@cache
def _ball(radius: int) -> NDArray[np.int64]:
    """Return the 16-bit values with at most `radius` bits set."""
    values = np.arange(BAND_VALUES)
    return values[np.bitwise_count(values) <= radius]
