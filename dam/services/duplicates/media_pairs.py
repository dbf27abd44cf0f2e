"""The similar pairs of videos, audio and documents, in the form that groups of duplicates are made from."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dam.services.duplicates.star_clustering import Key, Table
from dam.services.hamming.arrays import Ids
from dam.services.hamming.image_hashes import places_of
from dam.services.similar.match import SimilarPair
from dam.services.similar.method import all_methods

Numbers: TypeAlias = NDArray[np.int64]


MIN_EXTENT = 0.8
"""The share of the longer of two that the other must have to be a duplicate: an excerpt is none."""


def all_duplicates(session: Session) -> Iterator[SimilarPair]:
    """Yield the pairs of the library that the method of their kind finds similar from beginning to end."""
    for method in all_methods():
        if method.find_pairs:
            yield from (pair for pair in method.find_pairs(session) if pair.extent >= MIN_EXTENT)


class MediaPairs:
    """Pairs of similar assets. Equal ones are a class, and what holds of one of it holds of all.

    `among` are the entities that count, ascending; None: all.
    """

    def __init__(self, pairs: Iterable[SimilarPair] = (), among: Ids | None = None) -> None:
        told = list(pairs)
        self._equal = {pair.entity_b: pair for pair in told if pair.equal}
        classes = np.array(sorted({self._class_of(one) for pair in told for one in (pair.entity_a, pair.entity_b)}))
        self._classes = classes.astype(np.int64)
        self._pairs = {
            (self._class_of(pair.entity_a), self._class_of(pair.entity_b)): pair for pair in told if not pair.equal
        }
        near = np.array(list(self._pairs), np.int64).reshape(-1, 2)
        one, other = (places_of(near[:, side], self._classes) for side in (0, 1))
        count = len(self._classes)
        self._codes = np.concatenate([one * count + other, other * count + one, np.arange(count) * (count + 1)])
        self._near = Table.of(self._codes // max(count, 1), self._codes % max(count, 1), count)
        everybody = np.array(sorted({*self._equal, *self._classes.tolist()}), np.int64)
        self.entity_ids: Ids = everybody if among is None else np.intersect1d(everybody, among)
        """All that have a similar one, ascending."""

    def _class_of(self, entity_id: int) -> int:
        """Return the entity that stands for all that are equal to one."""
        pair = self._equal.get(entity_id)
        return pair.entity_a if pair else entity_id

    def numbers(self, ids: Ids) -> Numbers:
        """Return a number for the class of each entity, -1 where there is none."""
        found = np.full(len(ids), -1, np.int64)
        chosen = np.flatnonzero(np.isin(ids, self.entity_ids))
        found[chosen] = places_of(
            np.array([self._class_of(one) for one in ids[chosen].tolist()], np.int64), self._classes
        )
        return found

    def key(self, ranked: Ids) -> Key:
        """Return the key by which candidates are found; `ranked` are entities in the order of their ranks."""
        numbers = self.numbers(ranked)
        return Key(numbers, self._near, numbers)

    def are_similar(self, numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
        """Tell of pairs of classes, by their numbers, whether they are similar."""
        similar = np.isin(numbers * len(self._classes) + others, self._codes)
        return similar & (numbers >= 0) & (others >= 0)

    def find(self, one: int, other: int) -> SimilarPair | None:
        """Return how two entities are similar; None where they are not."""
        first, second = sorted([self._class_of(one), self._class_of(other)])
        if first == second:
            return self._equal.get(other) or self._equal.get(one)
        return self._pairs.get((first, second)) or self._pairs.get((second, first))
