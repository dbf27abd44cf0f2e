"""The index of perceptual hashes against brute force, on SQLite and PostgreSQL."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from dam.core.database import writing
from dam.media.hamming.bands import BANDS, band_sql, gather
from dam.models import ImagePerceptualHashAhashComponent as Component
from dam.services.components import ecs
from dam.services.hamming.index import HashIndex, PostgresIndex, SqliteIndex, candidates_statement, open_index
from dam.services.hamming.memory import HashesInMemory
from dam.services.hamming.probes import count_probes, probes, radii
from dam.services.library import Library

WAYS = ("bands", "all rows", "memory", "memory, sorted")
QUICKLY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

any_bits = st.integers(0, 2**64 - 1)
any_distance = st.integers(0, 64)


@st.composite
def clustered(draw: st.DrawFn) -> tuple[list[int], int]:
    """Hashes around a few centres, as those of real pictures are, and one to look for that is near a centre."""
    centres = draw(st.lists(any_bits | st.sampled_from([0, 2**64 - 1, 2**63]), min_size=1, max_size=3))
    near = st.builds(
        lambda centre, flips: centre ^ sum(1 << bit for bit in flips),
        st.sampled_from(centres),
        st.sets(st.integers(0, 63), max_size=24),
    )
    return draw(st.lists(near | any_bits, max_size=12)), draw(near)


def add(session: Session, hashes: list[int]) -> dict[int, int]:
    ids = ecs.add_entities(session, len(hashes))
    for entity_id, bits in zip(ids, hashes, strict=True):
        session.add(Component(entity_id=entity_id, hash_value=f"{bits:016x}"))
    session.flush()
    return dict(zip(ids, hashes, strict=True))


def index_in(session: Session, way: str, monkeypatch: pytest.MonkeyPatch) -> HashIndex:
    """The index that goes one way, whatever would cost least."""
    if way.startswith("memory"):
        monkeypatch.setattr("dam.services.hamming.memory._probing_cost", lambda *_: 0.0)
        return HashesInMemory.load(session, "ahash", 1000 if way.endswith("sorted") else 1)
    kind = SqliteIndex if session.get_bind().dialect.name == "sqlite" else PostgresIndex
    index = kind(session, "ahash")
    monkeypatch.setattr(index, "scanning_cost", lambda: 0.0 if way == "all rows" else float("inf"))
    return index


def check(index: HashIndex, stored: dict[int, int], bits: int, distance: int) -> None:
    near = index.near(bits, distance).tolist()
    assert sorted(near) == sorted(key for key, value in stored.items() if (value ^ bits).bit_count() <= distance)


@pytest.fixture
def session(each_library: Library) -> Iterator[Session]:
    with writing(each_library.engine)() as session:
        yield session


@QUICKLY
@given(case=clustered(), distance=any_distance, way=st.sampled_from(WAYS))
def test_equals_brute_force(
    session: Session, monkeypatch: pytest.MonkeyPatch, case: tuple[list[int], int], distance: int, way: str
) -> None:
    hashes, bits = case
    with session.begin_nested() as example:
        stored = add(session, hashes)
        check(index_in(session, way, monkeypatch), stored, bits, distance)
        example.rollback()


def skewed(count: int) -> list[int]:
    """Hashes of which many share bands: few rows of bits, repeated, and a little noise."""
    random = np.random.default_rng(1)
    rows = random.choice([0x00, 0xFF, 0x0F, 0xF0, 0x3C], (count, 2)).astype(np.uint8)
    noise = random.integers(0, 256, (count, 8)) & random.integers(0, 256, (count, 8)) & random.integers(0, 256)
    return [int.from_bytes(row.tobytes()) for row in np.repeat(rows, 4, axis=1) ^ noise.astype(np.uint8)]


SOME_DISTANCES = (*range(14), 17, 23, 64)


@pytest.mark.parametrize(
    ("way", "distances"),
    [
        ("bands", SOME_DISTANCES),  # each of many probes costs time
        ("all rows", SOME_DISTANCES),
        pytest.param("all rows", range(65), marks=pytest.mark.sweep),
        ("memory", range(65)),
        ("memory, sorted", SOME_DISTANCES),
    ],
)
def test_every_distance_after_inserts_updates_and_deletes(
    session: Session, monkeypatch: pytest.MonkeyPatch, way: str, distances: Sequence[int]
) -> None:
    stored = add(session, skewed(60))
    changed, *gone = list(stored)[:10]
    for entity_id in gone:
        ecs.delete_entity(session, entity_id)
        del stored[entity_id]
    ecs.put_rows(session, Component, [{"entity_id": changed, "hash_value": "0123456789abcdef"}])
    stored[changed] = 0x0123456789ABCDEF
    stored |= add(session, [*skewed(5), 0x0123456789ABCDEE])
    index = index_in(session, way, monkeypatch)
    for distance, bits in zip(distances, itertools.cycle(stored.values()), strict=False):
        check(index, stored, bits, distance)


def test_a_second_writer_is_seen(each_library: Library) -> None:
    for hashes in ([5], [7, 2**64 - 1]):
        with each_library.write() as session:
            add(session, hashes)
    with each_library.read() as session:
        assert open_index(session, "ahash", 1).near(5, 1).size == 2


def test_the_hashes_of_entities(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add(session, skewed(5))
    wanted = np.array([0, *stored, 99], np.int64)
    for way in WAYS:
        for many in (0, 100):
            monkeypatch.setattr("dam.services.hamming.index.MAX_LOOKUPS", many)
            hashes, known = index_in(session, way, monkeypatch).values(wanted)
            assert known.tolist() == [False, *[True] * 5, False]
            assert hashes[known].tolist() == list(stored.values())


@pytest.mark.parametrize("distance", range(65))
def test_no_band_is_missed(distance: int) -> None:
    """The worst that can be: bits that differ are spread so that each band has one more than it is probed for."""
    wanted = radii(distance)
    assert sum(radius + 1 for radius in wanted) == distance + 1
    if distance < 16:
        found = probes(0x123456789ABCDEF0, distance)
        assert sum(map(len, found.values())) == count_probes(distance)
    assert count_probes(4) == 17 + 3


def test_the_bands_have_every_bit_once() -> None:
    for bit in range(64):
        assert sorted(gather(1 << bit, band).bit_count() for band in BANDS) == [0, 0, 0, 1]
    for band in BANDS:
        assert sorted(gather(1 << bit, band) for bit in range(64))[-16:] == [1 << bit for bit in range(16)]


def test_great_distances_small_libraries_and_many_queries_are_scanned(library: Library) -> None:
    with library.write() as session:
        add(session, [1])
        assert isinstance(open_index(session, "ahash", 4), HashesInMemory)
        [entity_id] = ecs.add_entities(session, 1)
        session.add(row := Component(entity_id=entity_id, hash_value="0" * 16))
        row.id = 1_000_000  # as good as a million rows: they are not counted
        session.flush()
        assert isinstance(open_index(session, "ahash", 4), SqliteIndex)
        assert isinstance(open_index(session, "ahash", 4, lookups=10_000), HashesInMemory)
        assert isinstance(open_index(session, "ahash", 40), HashesInMemory)


def test_sqlite_looks_up_nothing_but_the_indexes(db_session: Session) -> None:
    """Every band by its own index, and nothing from the table until something was found."""
    table = Component.__tablename__
    statement = f"EXPLAIN QUERY PLAN {candidates_statement(table, BANDS)}"
    rows = db_session.connection().exec_driver_sql(statement, ("[1]",) * 4)
    steps = [row.detail for row in rows if table in row.detail]
    assert steps == [f"SEARCH {table} USING COVERING INDEX ix_{table}_band_{band} (<expr>=?)" for band in BANDS]


def test_sqlite_finds_the_entities_by_index(db_session: Session) -> None:
    statements: list[tuple[str, Any]] = []
    engine = db_session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append((args[2], args[3])))
    add(db_session, [1])
    index = SqliteIndex(db_session, "ahash")
    index.near(1, 4)
    index.values(np.array([1], np.int64))
    for statement, values in statements[-2:]:
        plan = db_session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row.detail for row in plan if Component.__tablename__ in row.detail]
        assert [step.split()[0] for step in steps] == ["SEARCH"]


def test_postgres_uses_the_indexes(postgres_url: str, tmp_path: Path) -> None:
    from dam.core.database import make_engine
    from dam.services.setup import set_up
    from dam.storage.local import LocalBlobStore

    engine = make_engine(postgres_url, 5)
    set_up(engine, LocalBlobStore(tmp_path / "store"))
    table = Component.__tablename__
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO entities (id) SELECT n FROM generate_series(1, 20000) AS n"))
        connection.execute(
            text(
                f"INSERT INTO {table} (entity_id, hash_value) "
                "SELECT n, hashtextextended(n::text, 0) FROM generate_series(1, 20000) AS n".replace("::", r"\:\:")
            )
        )
        where = " OR ".join(f"{band_sql(band, 'hash_value')} = ANY('{{1,2,3}}'::bigint[])" for band in BANDS)
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN SELECT entity_id FROM {table} WHERE {where}").scalars())
    engine.dispose()
    assert all(f"ix_{table}_band_{band}" in plan for band in BANDS), plan
