"""The pairs of images whose hashes are near, of which one at least is new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.hash_pairs import Hashes, near_pairs
from dam.services.hash_arrays import Ids

SCAN_LIMIT = 4096
"""New images up to which each is compared with all; above, all pairs are found at once."""
FAR = 255
"""Stands for the distance of a pair that lacks a hash."""

HashArrays: TypeAlias = Mapping[str, tuple[Ids, Hashes]]
"""Hashes by name: the entities that have one, ascending, and their hashes."""


@dataclass(frozen=True)
class NearPairs:
    """Pairs of entities in order, each once, and the distances of each hash, each of shape (n,)."""

    first: Ids
    second: Ids
    distances: Mapping[str, NDArray[np.uint8]]

    def where(self, chosen: NDArray[np.bool_]) -> "NearPairs":
        """Return some of them."""
        distances = {name: away[chosen] for name, away in self.distances.items()}
        return NearPairs(self.first[chosen], self.second[chosen], distances)


def find_near(hashes: HashArrays, new: Ids, thresholds: Mapping[str, int], needed: int) -> NearPairs:
    """Return the pairs within the thresholds of at least `needed` hashes, of which one at least is in `new`.

    Exact. `new` is ascending. Such a pair is near by one of any n - needed + 1 of n hashes, so only those are searched.
    """
    searched = [name for name in ("phash", "dhash", "ahash") if name in thresholds]
    codes = [np.empty((0, 2), np.int64)]
    for name in searched[: len(searched) - needed + 1]:
        codes += _near_by(*hashes[name], new, thresholds[name])
    pairs = np.unique(np.concatenate(codes), axis=0)
    found = NearPairs(pairs[:, 0], pairs[:, 1], {name: _distances(*hashes[name], pairs) for name in hashes})
    within = sum((found.distances[name] <= limit).astype(np.int64) for name, limit in thresholds.items())
    return found.where(np.asarray(within >= needed))


def _near_by(ids: Ids, hashes: Hashes, new: Ids, threshold: int) -> Iterator[Ids]:
    """Yield pairs within a threshold of one hash, the lower id first, of shape (n, 2)."""
    places = np.flatnonzero(np.isin(ids, new, assume_unique=True))
    if len(places) > SCAN_LIMIT:
        yield from _all_near(ids, hashes, new, threshold)
        return
    for place in places.tolist():
        near = np.flatnonzero(np.bitwise_count(hashes ^ hashes[place]) <= threshold)
        yield _in_order(np.full(len(near) - 1, ids[place]), ids[near[near != place]])


def _all_near(ids: Ids, hashes: Hashes, new: Ids, threshold: int) -> Iterator[Ids]:
    distinct, values = np.unique(hashes, return_inverse=True)
    order = np.argsort(values, kind="stable")
    starts = np.searchsorted(values[order], np.arange(len(distinct) + 1))
    itself = np.flatnonzero(np.diff(starts) > 1)
    for one, other in [(itself, itself), *near_pairs(distinct, threshold)]:
        first, second = _products(starts, order, one, other)
        once = (first < second) | (values[first] != values[second])
        pairs = _in_order(ids[first[once]], ids[second[once]])
        yield pairs[np.isin(pairs, new).any(axis=1)]


def _products(starts: Ids, order: Ids, one: Ids, other: Ids) -> tuple[Ids, Ids]:
    """Return the places of all pairs of those that have hash `one` and those that have hash `other`."""
    sizes, widths = starts[one + 1] - starts[one], starts[other + 1] - starts[other]
    counts = sizes * widths
    row = np.repeat(np.arange(len(one)), counts)
    number = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    return order[starts[one][row] + number // widths[row]], order[starts[other][row] + number % widths[row]]


def _in_order(one: Ids, other: Ids) -> Ids:
    return np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1)


def _distances(ids: Ids, hashes: Hashes, pairs: Ids) -> NDArray[np.uint8]:
    if not len(ids):
        return np.full(len(pairs), FAR, np.uint8)
    places = np.minimum(np.searchsorted(ids, pairs), len(ids) - 1)
    known = (ids[places] == pairs).all(axis=1)
    away = np.bitwise_count(hashes[places[:, 0]] ^ hashes[places[:, 1]])
    return np.where(known, away, FAR).astype(np.uint8)
