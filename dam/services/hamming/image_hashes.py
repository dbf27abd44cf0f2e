"""Perceptual hashes of images as aligned arrays."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dam.services.hamming.arrays import TABLES, Hashes, Ids, load_hashes


@dataclass(frozen=True)
class ImageHashes:
    """The hashes of n images. `load` returns them in ascending order of ids."""

    entity_ids: Ids
    hashes: dict[str, Hashes]
    """Hashes by name, each of shape (n,)."""
    known: dict[str, NDArray[np.bool_]]
    """Which images have the hash, by name."""

    @classmethod
    def load(cls, session: Session, names: Iterable[str] = TABLES, among: Ids | None = None) -> "ImageHashes":
        """Read the hashes of all images, or of some entities (ascending)."""
        loaded = {name: _among(*load_hashes(session, name), among) for name in names}
        ids = _union([of_one for of_one, _ in loaded.values()])
        hashes, known = {}, {}
        for name, (of_one, values) in loaded.items():
            hashes[name], known[name] = _aligned(ids, of_one, values)
        return cls(ids, hashes, known)

    def of(self, entity_ids: Ids) -> "ImageHashes":
        """Return the hashes of some entities, in their order; other assets have no hashes."""
        places = places_of(entity_ids, self.entity_ids)
        hashes = {name: np.append(values, np.uint64(0))[places] for name, values in self.hashes.items()}
        known = {name: np.append(known, False)[places] for name, known in self.known.items()}
        return ImageHashes(entity_ids, hashes, known)

    def distances(self, name: str, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the Hamming distances of pairs of images; -1 if one of the two lacks the hash."""
        values, known = self.hashes[name], self.known[name]
        away = np.bitwise_count(values[one] ^ values[other]).astype(np.int64)
        return np.where(known[one] & known[other], away, -1)


def places_of(wanted: Ids, among: Ids) -> NDArray[np.int64]:
    """Return the index of each id in `among` (ascending); -1 if absent."""
    places = np.searchsorted(among, wanted)
    found = np.append(among, -1)[places] == wanted
    return np.where(found, places, -1)


def _among(ids: Ids, values: Hashes, among: Ids | None) -> tuple[Ids, Hashes]:
    if among is None:
        return ids, values
    chosen = np.isin(ids, among)
    return ids[chosen], values[chosen]


def _union(sets: list[Ids]) -> Ids:
    """Return the union of ids, ascending. Usually all are equal, because every image has every hash."""
    if all(np.array_equal(ids, sets[0]) for ids in sets[1:]):
        return sets[0]
    return np.unique(np.concatenate(sets))


def _aligned(ids: Ids, of_one: Ids, values: Hashes) -> tuple[Hashes, NDArray[np.bool_]]:
    if len(of_one) == len(ids):
        return values, np.ones(len(ids), np.bool_)
    places = np.searchsorted(ids, of_one)
    aligned, known = np.zeros(len(ids), np.uint64), np.zeros(len(ids), np.bool_)
    aligned[places], known[places] = values, True
    return aligned, known
