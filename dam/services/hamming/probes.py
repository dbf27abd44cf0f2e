"""Which bands to look up so that no hash within a Hamming distance is missed.

M. Norouzi, A. Punjani, D. J. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012, proposition 2: with
m bands, a distance of r = m s + a leaves at most s bits of difference in one of the first a + 1 bands, or at most s - 1
in one of the others.
"""

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.bands import BAND_BITS, BANDS, gather

BAND_VALUES = 1 << BAND_BITS
MAX_DISTANCE = BAND_BITS * len(BANDS)
"""The greatest distance that two hashes can have."""


def radii(distance: int) -> tuple[int, ...]:
    """Return how many bits may differ in each band; negative where a band need not be looked at."""
    least, bands_beyond = divmod(distance, len(BANDS))
    return tuple(least if place <= bands_beyond else least - 1 for place in range(len(BANDS)))


def count_probes(distance: int) -> int:
    """Return how many values of bands there are to look up."""
    return sum(comb(BAND_BITS, bits) for radius in radii(distance) for bits in range(radius + 1))


def probes(bits: int, distance: int) -> dict[int, NDArray[np.int64]]:
    """Return the values to look up in each band, by band; bands without any are left out."""
    return {
        band: _ball(radius) ^ gather(bits, band)
        for band, radius in zip(BANDS, radii(distance), strict=True)
        if radius >= 0
    }


@cache
def _ball(radius: int) -> NDArray[np.int64]:
    """Return the values of a band with at most `radius` bits set."""
    values = np.arange(BAND_VALUES)
    return values[np.bitwise_count(values) <= radius]
