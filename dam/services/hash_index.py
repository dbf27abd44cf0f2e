"""Finding the perceptual hashes within a Hamming distance: exact for every distance, by whatever costs least.

The database's indexes on bands of the hashes give few candidates (see `dam.models.hash_bands`), unless the distance is
great, the library small or the queries many: then all hashes are read once and compared in memory. PostgreSQL counts
bits itself, and so it can also compare all hashes where they are.
"""

import json
from typing import Any, Protocol
from typing import cast as typed

import numpy as np
from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from dam.models.base_component import BaseComponent
from dam.models.hash_bands import band_sql
from dam.models.image_perceptual_hash_ahash_component import ImagePerceptualHashAhashComponent
from dam.models.image_perceptual_hash_dhash_component import ImagePerceptualHashDhashComponent
from dam.models.image_perceptual_hash_phash_component import ImagePerceptualHashPhashComponent
from dam.services.hash_memory import Hashes, HashesInMemory, Ids, Known, integers
from dam.services.hash_probes import BAND_VALUES, count_probes, probes

HASH_COMPONENTS: dict[str, type[BaseComponent]] = {
    "phash": ImagePerceptualHashPhashComponent,
    "ahash": ImagePerceptualHashAhashComponent,
    "dhash": ImagePerceptualHashDhashComponent,
}

SKEW = 10
"""How much more often real hashes share a band than random ones do: between 1 (pHash) and 30 (aHash)."""

MANY = 20_000
"""To look up more entities than this one by one takes longer than to read all hashes of most libraries."""

# Costs in microseconds: only their ratios matter, and those roughly.
LOAD, SCAN = 0.3, 0.001
"""To read a hash into memory, and to compare one there."""


class HashIndex(Protocol):
    """Where hashes of one kind are looked up."""

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash differs from `bits` in at most `distance` bits, each once, in no order."""

    def values(self, entity_ids: Ids) -> tuple[Hashes, Known]:
        """Return the hashes of entities and which of them have one, each of shape (n,)."""


class SqliteIndex:
    """The indexes of an SQLite database. It cannot count bits: numpy picks from the candidates."""

    STATEMENT, PROBE, CANDIDATE, ROW = 150.0, 2.0, 0.13, float("inf")

    def __init__(self, session: Session, table: Table) -> None:
        self._session = session
        self._connection = session.connection()
        self._table = table

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash differs in at most `distance` bits."""
        wanted = probes(bits, distance)
        # One text of all candidates: as rows of integers they take four times as long.
        candidates = " UNION ALL ".join(
            f"SELECT group_concat(hash_value) FROM {self._table.name} "  # noqa: S608  numbers and names of our own
            f"WHERE {band_sql(band, 'hash_value')} IN (SELECT value FROM json_each(?))"
            for band in wanted
        )
        texts = self._all(candidates, *wanted.values())
        hashes = integers(",".join(filter(None, texts)))
        near = np.bitwise_count(hashes.view(np.uint64) ^ np.uint64(bits)) <= distance
        return self._having(np.unique(hashes[near]))

    def values(self, entity_ids: Ids) -> tuple[Hashes, Known]:
        """Return the hashes of entities and which of them have one."""
        return _values(self, self._session, self._table, entity_ids)

    def pairs(self, entity_ids: Ids) -> Any:
        """Return entities and their hashes, as integers."""
        return self._connection.exec_driver_sql(
            f"SELECT entity_id, hash_value FROM json_each(?) AS wanted "  # noqa: S608  the same
            f"CROSS JOIN {self._table.name} ON entity_id = wanted.value",
            (_listed(entity_ids),),
        ).all()

    def _having(self, hashes: Ids) -> Ids:
        """Return the entities that have one of some hashes."""
        found = self._all(
            f"SELECT entity_id FROM json_each(?) AS wanted CROSS JOIN {self._table.name} "  # noqa: S608  the same
            f"ON {band_sql(0, 'hash_value')} = {band_sql(0, 'wanted.value')} AND hash_value = wanted.value",
            hashes,
        )
        return np.array(found, np.int64)

    def _all(self, statement: str, *lists: Ids) -> list[Any]:
        values = tuple(_listed(values) for values in lists)
        return list(self._connection.exec_driver_sql(statement, values).scalars())


class PostgresIndex:
    """The indexes of a PostgreSQL database, which counts bits itself."""

    STATEMENT, PROBE, CANDIDATE, ROW = 500.0, 3.0, 1.0, 0.07

    def __init__(self, session: Session, table: Table) -> None:
        self._session = session
        self._table = table
        self._rows = count_rows(session, table)

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash differs in at most `distance` bits."""
        signed = bits - 2**64 if bits >= 2**63 else bits
        where, values = f"bit_count(CAST(hash_value # CAST('{signed}' AS bigint) AS bit(64))) <= {distance}", {}
        if probing_cost(type(self), self._rows, distance) < self._rows * self.ROW:
            wanted = probes(bits, distance)
            values = {f"band_{band}": keys.tolist() for band, keys in wanted.items()}
            bands = (f"{band_sql(band, 'hash_value')} = ANY(CAST(:band_{band} AS bigint[]))" for band in wanted)
            where = f"({' OR '.join(bands)}) AND {where}"
        statement = f"SELECT entity_id FROM {self._table.name} WHERE {where}"  # noqa: S608  numbers of our own
        return np.array(self._session.scalars(text(statement), values).all(), np.int64)

    def values(self, entity_ids: Ids) -> tuple[Hashes, Known]:
        """Return the hashes of entities and which of them have one."""
        return _values(self, self._session, self._table, entity_ids)

    def pairs(self, entity_ids: Ids) -> Any:
        """Return entities and their hashes, as integers."""
        statement = f"SELECT entity_id, hash_value FROM {self._table.name} WHERE entity_id = ANY(:wanted)"  # noqa: S608  a name of our own
        return self._session.execute(text(statement), {"wanted": entity_ids.tolist()}).all()


def open_index(session: Session, name: str, distance: int, lookups: int = 1) -> HashIndex:
    """Return the cheapest way to look up hashes of a kind `lookups` times within a distance."""
    table = typed("Table", HASH_COMPONENTS[name].__table__)
    kind = SqliteIndex if session.get_bind().dialect.name == "sqlite" else PostgresIndex
    rows = count_rows(session, table)
    looking = min(probing_cost(kind, rows, distance), kind.STATEMENT + rows * kind.ROW)
    if lookups * looking <= rows * (LOAD + lookups * SCAN):
        return kind(session, table)
    return HashesInMemory.load(session, table, lookups)


def probing_cost(kind: type[SqliteIndex | PostgresIndex], rows: int, distance: int) -> float:
    """Return about how long a look-up by the indexes of a table with so many rows takes, in microseconds."""
    count = count_probes(distance)
    candidates = rows * min(count * SKEW / BAND_VALUES, 4)
    return kind.STATEMENT + count * kind.PROBE + candidates * kind.CANDIDATE


def count_rows(session: Session, table: Table) -> int:
    """Return at least how many rows a table has, without counting them."""
    return session.scalar(select(func.max(table.c.id))) or 0


def _values(
    index: SqliteIndex | PostgresIndex, session: Session, table: Table, entity_ids: Ids
) -> tuple[Hashes, Known]:
    if entity_ids.size > MANY:
        return HashesInMemory.load(session, table).values(entity_ids)
    rows = np.array([tuple(row) for row in index.pairs(entity_ids)], np.int64).reshape(-1, 2)
    rows = rows[np.argsort(rows[:, 0])]
    return HashesInMemory(rows[:, 0], rows[:, 1].view(np.uint64)).values(entity_ids)


def _listed(values: Ids) -> str:
    return json.dumps(values.tolist())
