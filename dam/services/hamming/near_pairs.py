"""Find the pairs of images with near hashes, at least one of which is new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.all_pairs import near_pairs
from dam.services.hamming.arrays import TABLES, Ids
from dam.services.hamming.index import HashIndex, open_index
from dam.services.hamming.memory import HashesInMemory
from dam.services.library import Library

MAX_LOOKUPS = 4096
"""Maximum number of new images that are looked up individually; for more, all pairs are computed."""
FAR = 255
"""Distance of a pair if one of the two lacks the hash."""


@dataclass(frozen=True)
class NearPairs:
    """Distinct pairs of entities, ascending, and their distances by name of the hash, all of shape (n,)."""

    first: Ids
    second: Ids
    distances: Mapping[str, NDArray[np.uint8]]

    def where(self, chosen: NDArray[np.bool_]) -> "NearPairs":
        """Return the chosen pairs."""
        distances = {name: away[chosen] for name, away in self.distances.items()}
        return NearPairs(self.first[chosen], self.second[chosen], distances)


def find_near(
    library: Library, new: Ids, thresholds: Mapping[str, int], searched: Sequence[str], needed: int
) -> NearPairs:
    """Return the pairs within the thresholds of at least `needed` hashes, with at least one entity in `new`.

    The result is exact. `new` is ascending. `searched` are n - needed + 1 of the n hashes: every such pair is near by
    at least one of them.
    """
    with library.read() as session:
        if len(new) <= MAX_LOOKUPS:
            indexes = {name: open_index(session, name, thresholds.get(name, 0), len(new)) for name in TABLES}
            found = [_look_up(indexes[name], new, thresholds[name]) for name in searched]
            return _measured(indexes, _distinct(found), thresholds, needed)
        all_ = {name: HashesInMemory.load(session, name) for name in TABLES}
    found = [pairs for name in searched for pairs in _all_near(all_[name], new, thresholds[name])]
    return _measured(all_, _distinct(found), thresholds, needed)


def _look_up(index: HashIndex, new: Ids, threshold: int) -> Ids:
    """Return the pairs of new entities and near ones, the lower id first, shape (n, 2)."""
    pairs = [np.empty((0, 2), np.int64)]
    hashes, known = index.values(new)
    for entity_id, bits in zip(new[known].tolist(), hashes[known].tolist(), strict=True):
        near = index.near(bits, threshold)
        near = near[near != entity_id]
        pairs.append(_in_order(np.full(len(near), entity_id), near))
    return np.concatenate(pairs)


def _distinct(found: Sequence[Ids]) -> Ids:
    pairs = np.concatenate([np.empty((0, 2), np.int64), *found])
    return np.unique(pairs, axis=0)


def _measured(indexes: Mapping[str, HashIndex], pairs: Ids, thresholds: Mapping[str, int], needed: int) -> NearPairs:
    """Measure all distances, and exclude the pairs that are near by too few hashes."""
    found = NearPairs(pairs[:, 0], pairs[:, 1], {name: _distances(index, pairs) for name, index in indexes.items()})
    within = np.zeros(len(pairs), np.int64)
    for name, limit in thresholds.items():
        within += found.distances[name] <= limit
    return found.where(within >= needed)


def _all_near(memory: HashesInMemory, new: Ids, threshold: int) -> Iterator[Ids]:
    """Yield all pairs within a threshold with at least one new entity."""
    ids, hashes = memory.entity_ids, memory.hashes
    order = np.argsort(hashes)
    ordered = hashes[order]
    starts = np.flatnonzero(np.concatenate([[True][: len(ordered)], ordered[1:] != ordered[:-1]]))
    distinct, starts = ordered[starts], np.append(starts, len(ordered))
    itself = np.flatnonzero(np.diff(starts) > 1)
    for one, other in [(itself, itself), *near_pairs(distinct, threshold)]:
        first, second = _products(starts, order, one, other)
        once = (first < second) | (hashes[first] != hashes[second])
        pairs = _in_order(ids[first[once]], ids[second[once]])
        yield pairs[np.isin(pairs, new).any(axis=1)]


def _products(starts: Ids, order: Ids, one: Ids, other: Ids) -> tuple[Ids, Ids]:
    """Return the indices of all pairs of hashes with the values `one` and `other`."""
    sizes, widths = starts[one + 1] - starts[one], starts[other + 1] - starts[other]
    counts = sizes * widths
    row = np.repeat(np.arange(len(one)), counts)
    number = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    return order[starts[one][row] + number // widths[row]], order[starts[other][row] + number % widths[row]]


def _in_order(one: Ids, other: Ids) -> Ids:
    return np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1)


def _distances(index: HashIndex, pairs: Ids) -> NDArray[np.uint8]:
    (one, known), (other, known_too) = index.values(pairs[:, 0]), index.values(pairs[:, 1])
    return np.where(known & known_too, np.bitwise_count(one ^ other), FAR).astype(np.uint8)
