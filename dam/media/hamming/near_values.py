"""The hashes that are equal or near to another one: few, in most libraries, so the others are put aside early."""

from typing import NamedTuple

import numpy as np

from dam.media.hamming.all_pairs import CHUNK, Hashes, Places, near_pairs

ODD = np.uint64(0x9E37_79B9_7F4A_7C15)
"""2 ** 64 over the golden ratio: products with it have well mixed upper bits (Knuth, TAOCP 3, 6.4)."""


class NearValues(NamedTuple):
    """The values of hashes that are equal or near to another one, and which hashes have them."""

    values: Hashes
    """Ascending; their places here are their numbers."""
    one: Places
    other: Places
    """The pairs of values that are near, as numbers, shape (pairs,) each."""
    places: Places
    numbers: Places
    """Which hashes have one of these values, and its number, shape (n,) each."""

    @classmethod
    def of(cls, hashes: Hashes, radius: int) -> "NearValues":
        """Find them among any hashes."""
        ordered = np.sort(hashes)
        again = ordered[1:][ordered[1:] == ordered[:-1]]
        distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])] if again.size else ordered
        del ordered  # it takes room
        found = [(np.empty(0, np.int64),) * 2, *near_pairs(distinct, radius)]
        one, other = (np.concatenate(column) for column in zip(*found, strict=True))
        used = np.zeros(len(distinct), np.bool_)
        used[one] = used[other] = used[np.searchsorted(distinct, again)] = True
        values = distinct[used]
        new = np.cumsum(used, dtype=np.int64) - 1
        places, numbers = _holders(hashes, values)
        return cls(values, new[one], new[other], places, numbers)


def _holders(hashes: Hashes, values: Hashes) -> tuple[Places, Places]:
    """Return the places of the hashes that are one of some ascending values, and of which."""
    width = np.uint64(64 - max(8, len(values).bit_length() + 4))
    marked = np.zeros(1 << (64 - int(width)), np.bool_)
    marked[values * ODD >> width] = True
    starts = range(0, max(1, len(hashes)), CHUNK)
    parts = [np.flatnonzero(marked[hashes[start : start + CHUNK] * ODD >> width]) + start for start in starts]
    places = np.concatenate(parts)
    order = np.argsort(hashes[places])
    places = places[order]
    numbers = np.searchsorted(values, hashes[places])
    right = values[np.minimum(numbers, len(values) - 1)] == hashes[places] if len(values) else numbers < 0
    return places[right], numbers[right]
