"""The hashes of one kind in memory, for many queries and for large distances."""

from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dam.media.hamming.bands import BANDS, gather
from dam.services.hamming.arrays import Hashes, Ids, load_hashes
from dam.services.hamming.probes import BAND_VALUES, count_probes, probes

Presence: TypeAlias = NDArray[np.bool_]

SKEW = 10
"""Ratio of how often real and random hashes share a band: between 1 (pHash) and 30 (aHash)."""

# Costs in microseconds: only their approximate ratios matter.
LOAD = 0.4
"""To read a hash into memory."""
SORT = 0.1
"""To sort a hash by each of its bands."""
SCAN = 0.001
"""To compare a hash."""
PROBE = 0.5
"""To look up one value of a band, once sorted."""
CANDIDATE = 0.01
"""To compare a candidate."""


class HashesInMemory:
    """All hashes of one kind: entity ids, ascending, and hashes, each of shape (n,)."""

    def __init__(self, entity_ids: Ids, hashes: Hashes, lookups: int = 1) -> None:
        self.entity_ids = entity_ids
        self.hashes = hashes
        self._sorts = lookups * SCAN > SORT

    @classmethod
    def load(cls, session: Session, name: str, lookups: int = 1) -> "HashesInMemory":
        """Read all hashes of a kind; `lookups` is the number of searches to expect."""
        return cls(*load_hashes(session, name), lookups)

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash is within a Hamming distance."""
        if self._sorts and _probing_cost(self.hashes.size, distance) < self.hashes.size * SCAN:
            among = self._candidates(bits, distance)
            found = among[np.bitwise_count(self.hashes[among] ^ np.uint64(bits)) <= distance]
            return np.take(self.entity_ids, np.unique(found))
        return np.compress(np.bitwise_count(self.hashes ^ np.uint64(bits)) <= distance, self.entity_ids)

    def values(self, entity_ids: Ids) -> tuple[Hashes, Presence]:
        """Return the hashes of entities, and whether each has one, both of shape (n,)."""
        if not self.entity_ids.size:
            return np.zeros(entity_ids.size, np.uint64), np.zeros(entity_ids.size, np.bool_)
        places = np.minimum(np.searchsorted(self.entity_ids, entity_ids), self.entity_ids.size - 1)
        return self.hashes[places], self.entity_ids[places] == entity_ids

    def _candidates(self, bits: int, distance: int) -> NDArray[np.intp]:
        pieces = []
        for band, values in probes(bits, distance).items():
            order, starts = self._bands[band]
            pieces += [order[starts[value] : starts[value + 1]] for value in values.tolist()]
        return np.concatenate(pieces)

    @cached_property
    def _bands(self) -> dict[int, tuple[NDArray[np.intp], list[int]]]:
        """For each band, the indices of the hashes sorted by the band, and the start of each value."""
        by_band = {}
        for band in BANDS:
            values = gather(self.hashes, band).astype(np.uint16)
            counts = np.bincount(values, minlength=BAND_VALUES)
            by_band[band] = np.argsort(values, kind="stable"), [0, *np.cumsum(counts).tolist()]
        return by_band


def memory_cost(rows: int, distance: int, lookups: int) -> float:
    """Return the estimated cost of loading `rows` hashes and searching them `lookups` times, in microseconds."""
    each = rows * SCAN
    if lookups * SCAN <= SORT:
        return rows * LOAD + lookups * each
    return rows * (LOAD + SORT) + lookups * min(each, _probing_cost(rows, distance))


def count_candidates(rows: int, distance: int) -> float:
    """Return the estimated number of candidates within a distance."""
    return rows * min(count_probes(distance) * SKEW / BAND_VALUES, len(BANDS))


def _probing_cost(rows: int, distance: int) -> float:
    return count_probes(distance) * PROBE + count_candidates(rows, distance) * CANDIDATE
