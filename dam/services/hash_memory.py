"""The hashes of one kind in memory: for many queries at once, and for distances at which an index finds no few."""

from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, String, Table, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from dam.models.hash_bands import BANDS, gather
from dam.services.hash_probes import BAND_VALUES, count_probes, probes

Ids: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]
Known: TypeAlias = NDArray[np.bool_]

ROWS = 200_000
"""Rows that one statement reads: their text takes a few megabytes."""

SORTED_FROM = 50
"""Sorting by band takes as long as this many scans."""

PROBE = 500
"""Looking up one value of a band takes as long as scanning this many hashes."""


class HashesInMemory:
    """All hashes of one kind: entity ids, ascending, and hashes, each of shape (n,)."""

    def __init__(self, entity_ids: Ids, hashes: Hashes, lookups: int = 1) -> None:
        self.entity_ids = entity_ids
        self.hashes = hashes
        self._sorts = lookups >= SORTED_FROM

    @classmethod
    def load(cls, session: Session, table: Table, lookups: int = 1) -> "HashesInMemory":
        """Read all hashes of a table; `lookups` is how often they will be searched."""
        value = type_coerce(table.c.hash_value, BigInteger)
        columns = [func.aggregate_strings(cast(column, String), ",") for column in (table.c.entity_id, value)]
        first, last = session.execute(select(func.min(table.c.id), func.max(table.c.id))).one()
        parts = [np.empty((2, 0), np.int64)]
        for start in range(first, last + 1, ROWS) if first is not None else ():
            texts = session.execute(select(*columns).where(table.c.id.between(start, start + ROWS - 1))).one()
            if texts[0] is not None:
                parts.append(np.array([integers(text) for text in texts]))
        entity_ids, hashes = np.concatenate(parts, axis=1)
        if (entity_ids[1:] < entity_ids[:-1]).any():  # rows that came later, from run-systems
            order = np.argsort(entity_ids)
            entity_ids, hashes = entity_ids[order], hashes[order]
        return cls(entity_ids, hashes.view(np.uint64), lookups)

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash differs in at most `distance` bits."""
        if self._sorts and count_probes(distance) * PROBE < self.hashes.size:
            among = self._candidates(bits, distance)
            found = among[np.bitwise_count(self.hashes[among] ^ np.uint64(bits)) <= distance]
            return np.take(self.entity_ids, np.unique(found))
        return np.compress(np.bitwise_count(self.hashes ^ np.uint64(bits)) <= distance, self.entity_ids)

    def values(self, entity_ids: Ids) -> tuple[Hashes, Known]:
        """Return the hashes of entities and which of them have one, each of shape (n,)."""
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
        """By band: the places of the hashes in order of the band, and where each value begins among them."""
        by_band = {}
        for band in BANDS:
            values = gather(self.hashes, band).astype(np.uint16)
            counts = np.bincount(values, minlength=BAND_VALUES)
            by_band[band] = np.argsort(values, kind="stable"), [0, *np.cumsum(counts).tolist()]
        return by_band


def integers(text: str) -> Ids:
    """Return the integers in a text with commas between: the fastest way to get many out of a database."""
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
