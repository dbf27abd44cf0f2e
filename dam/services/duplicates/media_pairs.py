"""Similar pairs of videos, audio and documents, as keys for star clustering."""

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
"""Minimum share of the longer asset that both have in common; an excerpt is not a duplicate."""


def all_duplicates(session: Session) -> Iterator[SimilarPair]:
    """Yield the pairs that the methods of all kinds find similar over at least `MIN_EXTENT`."""
    for method in all_methods():
        if method.find_pairs:
            yield from (pair for pair in method.find_pairs(session) if pair.extent >= MIN_EXTENT)


class MediaPairs:
    """Pairs of similar assets. Equal assets form a class, which is compared as one.

    `among` limits the entities (ascending); None: all.
    """

    def __init__(self, pairs: Iterable[SimilarPair] = (), among: Ids | None = None) -> None:
        listed = list(pairs)
        self._equal = {pair.entity_b: pair for pair in listed if pair.equal}
        classes = np.array(sorted({self._class_of(one) for pair in listed for one in (pair.entity_a, pair.entity_b)}))
        self._classes = classes.astype(np.int64)
        self._pairs = {
            (self._class_of(pair.entity_a), self._class_of(pair.entity_b)): pair for pair in listed if not pair.equal
        }
        near = np.array(list(self._pairs), np.int64).reshape(-1, 2)
        one, other = (places_of(near[:, side], self._classes) for side in (0, 1))
        count = len(self._classes)
        self._codes = np.concatenate([one * count + other, other * count + one, np.arange(count) * (count + 1)])
        self._near = Table.of(self._codes // max(count, 1), self._codes % max(count, 1), count)
        all_ids = np.array(sorted({*self._equal, *self._classes.tolist()}), np.int64)
        self.entity_ids: Ids = all_ids if among is None else np.intersect1d(all_ids, among)
        """The entities with a similar one, ascending."""

    def _class_of(self, entity_id: int) -> int:
        """Return the entity that represents the class of an entity."""
        pair = self._equal.get(entity_id)
        return pair.entity_a if pair else entity_id

    def numbers(self, ids: Ids) -> Numbers:
        """Return the number of each entity's class; -1 without one."""
        found = np.full(len(ids), -1, np.int64)
        chosen = np.flatnonzero(np.isin(ids, self.entity_ids))
        found[chosen] = places_of(
            np.array([self._class_of(one) for one in ids[chosen].tolist()], np.int64), self._classes
        )
        return found

    def key(self, ranked: Ids) -> Key:
        """Return the key that finds candidates; `ranked` are the entities in order of rank."""
        numbers = self.numbers(ranked)
        return Key(numbers, self._near, numbers)

    def are_similar(self, numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
        """Return whether pairs of classes, given by number, are similar."""
        similar = np.isin(numbers * len(self._classes) + others, self._codes)
        return similar & (numbers >= 0) & (others >= 0)

    def find(self, one: int, other: int) -> SimilarPair | None:
        """Return the pair of two entities; None if they are not similar."""
        first, second = sorted([self._class_of(one), self._class_of(other)])
        if first == second:
            return self._equal.get(other) or self._equal.get(one)
        return self._pairs.get((first, second)) or self._pairs.get((second, first))
