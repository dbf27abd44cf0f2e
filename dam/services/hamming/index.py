"""Find the perceptual hashes within a Hamming distance, exactly, by the cheapest method.

The database's indexes on bands of the hashes (see `dam.media.hamming.bands`) yield few candidates. For large distances,
small libraries or many queries, all hashes are loaded and compared in memory instead. PostgreSQL can also compare all
hashes itself, because it has a function that counts bits.
"""

import json
from typing import Any, ClassVar, Protocol

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dam.media.hamming.bands import band_sql
from dam.services.hamming.arrays import TABLES, Hashes, Ids
from dam.services.hamming.memory import HashesInMemory, Presence, count_candidates, memory_cost
from dam.services.hamming.probes import count_probes, probes

MAX_LOOKUPS = 20_000
"""Maximum number of entities that are looked up individually; for more, reading all hashes is usually faster."""


class HashIndex(Protocol):
    """An index of the hashes of one kind."""

    def near(self, bits: int, distance: int) -> Ids:
        """Return the distinct entities whose hash is within a Hamming distance of `bits`, in any order."""

    def values(self, entity_ids: Ids) -> tuple[Hashes, Presence]:
        """Return the hashes of entities, and whether each has one, both of shape (n,)."""


class _DatabaseIndex:
    """The indexes of the database on the bands of one kind of hash."""

    STATEMENT: ClassVar[float]
    PROBE: ClassVar[float]
    CANDIDATE: ClassVar[float]
    """Microseconds to execute a statement, to look up one value of a band, and to compare one candidate."""
    ROW: ClassVar[float] = float("inf")
    """Microseconds to compare one hash in the database."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._name = name
        self._table = TABLES[name].__tablename__
        self.rows = (
            session.scalar(select(func.max(TABLES[name].id))) or 0
        )  # an upper bound: counting would read all rows

    def probing_cost(self, distance: int) -> float:
        """Return the estimated cost of looking up the bands, in microseconds."""
        candidates = count_candidates(self.rows, distance) * self.CANDIDATE
        return self.STATEMENT + count_probes(distance) * self.PROBE + candidates

    def scanning_cost(self) -> float:
        """Return the estimated cost of comparing all hashes in the database, in microseconds."""
        return self.STATEMENT + self.rows * self.ROW

    def values(self, entity_ids: Ids) -> tuple[Hashes, Presence]:
        """Return the hashes of entities, and whether each has one."""
        if entity_ids.size > MAX_LOOKUPS:
            return HashesInMemory.load(self._session, self._name).values(entity_ids)
        ids, values = self._pairs(entity_ids)
        order = np.argsort(ids)
        return HashesInMemory(ids[order], values[order].view(np.uint64)).values(entity_ids)

    def _pairs(self, entity_ids: Ids) -> tuple[Ids, Ids]:
        """Return entities and their hashes as signed integers."""
        raise NotImplementedError


class SqliteIndex(_DatabaseIndex):
    """Index in SQLite, which cannot count bits: numpy verifies the candidates, and matching hashes are looked up."""

    STATEMENT, PROBE, CANDIDATE = 150.0, 2.0, 0.13

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash is within a Hamming distance."""
        wanted = probes(bits, distance)
        texts = self._execute(candidates_statement(self._table, wanted), *wanted.values()).scalars()
        hashes = _integers(",".join(filter(None, texts)))
        near = np.bitwise_count(hashes.view(np.uint64) ^ np.uint64(bits)) <= distance
        return self._having(np.unique(hashes[near]))

    def _having(self, hashes: Ids) -> Ids:
        """Return the entities that have any of some hashes."""
        found = self._execute(
            f"SELECT entity_id FROM json_each(?) AS wanted CROSS JOIN {self._table} "  # noqa: S608  a constant
            f"ON {band_sql(0, 'hash_value')} = {band_sql(0, 'wanted.value')} AND hash_value = wanted.value",
            hashes,
        )
        return np.array(found.scalars().all(), np.int64)

    def _pairs(self, entity_ids: Ids) -> tuple[Ids, Ids]:
        ids, values = self._execute(
            f"SELECT group_concat(entity_id), group_concat(hash_value) "  # noqa: S608  a constant
            f"FROM json_each(?) AS wanted CROSS JOIN {self._table} ON entity_id = wanted.value",
            entity_ids,
        ).one()
        return _integers(ids), _integers(values)

    def _execute(self, statement: str, *lists: Ids) -> Any:
        values = tuple(json.dumps(values.tolist()) for values in lists)
        return self._session.connection().exec_driver_sql(statement, values)


class PostgresIndex(_DatabaseIndex):
    """Index in PostgreSQL, which counts bits itself."""

    STATEMENT, PROBE, CANDIDATE, ROW = 500.0, 3.0, 1.0, 0.07

    def near(self, bits: int, distance: int) -> Ids:
        """Return the entities whose hash is within a Hamming distance."""
        values: dict[str, Any] = {"bits": bits - 2**64 if bits >= 2**63 else bits, "distance": distance}
        where = "bit_count(CAST(hash_value # CAST(:bits AS bigint) AS bit(64))) <= :distance"
        if self.probing_cost(distance) < self.scanning_cost():
            wanted = probes(bits, distance)
            values |= {f"band_{band}": keys.tolist() for band, keys in wanted.items()}
            bands = (f"{band_sql(band, 'hash_value')} = ANY(CAST(:band_{band} AS bigint[]))" for band in wanted)
            where = f"({' OR '.join(bands)}) AND {where}"
        statement = text(f"SELECT entity_id FROM {self._table} WHERE {where}")  # noqa: S608  constants
        return np.array(self._session.scalars(statement, values).all(), np.int64)

    def _pairs(self, entity_ids: Ids) -> tuple[Ids, Ids]:
        statement = f"SELECT entity_id, hash_value FROM {self._table} WHERE entity_id = ANY(:wanted)"  # noqa: S608  the same
        rows = self._session.execute(text(statement), {"wanted": entity_ids.tolist()}).all()
        pairs = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]


def open_index(session: Session, name: str, distance: int, lookups: int = 1) -> HashIndex:
    """Return the index for which `lookups` searches within a distance cost the least."""
    kind = SqliteIndex if session.get_bind().dialect.name == "sqlite" else PostgresIndex
    index = kind(session, name)
    in_database = lookups * min(index.probing_cost(distance), index.scanning_cost())
    in_memory = memory_cost(index.rows, distance, lookups)
    return index if in_database <= in_memory else HashesInMemory.load(session, name, lookups)


def candidates_statement(table: str, bands: Any) -> str:
    """Return the SQLite statement that selects all hashes with any of some values in any of some bands.

    Its rows are comma-separated hashes: rows of integers take four times as long.
    """
    return " UNION ALL ".join(
        f"SELECT group_concat(hash_value) FROM {table} "  # noqa: S608  numbers and constants
        f"WHERE {band_sql(band, 'hash_value')} IN (SELECT value FROM json_each(?))"
        for band in bands
    )


def _integers(text: str | None) -> Ids:
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)
