"""Export and import: the same library, row for row, in any kind of database."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from dam.core.config import Settings
from dam.core.errors import DamError, ForeignStoreError, NewerSchemaError
from dam.models import all_models
from dam.models.base_component import BaseComponent
from dam.models.entity import Entity
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.library import Library, open_library
from dam.services.transfer.export import all_tables, export
from dam.services.transfer.importing import import_library
from dam.storage.memory import MemoryBlobStore
from tests import postgres
from tests.conftest import TEST_DATA
from tests.models.samples import sample_component
from tests.services.conftest import ingest_all


@pytest.fixture
def full(library: Library, tmp_path: Path) -> Library:
    """A library with rows of every kind that this test can make."""
    (tmp_path / "a.txt").write_text("a" * 300)
    ingest_all(library, TEST_DATA / "images/lake_at_dawn.jpg", tmp_path / "a.txt", tags=["x"])
    with library.write() as session:
        put_verdict(session, (1, 2), Verdict.ALTERNATE)
        for _ in range(3):
            session.add(Entity())
        session.flush()
        for model in all_models().values():
            if issubclass(model, BaseComponent) and not session.scalar(select(func.count()).select_from(model)):
                session.add(sample_component(model, entity_id=2, **pair(model)))
    with library.write() as session:
        session.delete(session.get_one(Entity, 5))  # its id is never used again
    return library


def pair(model: type[BaseComponent]) -> dict[str, int]:
    return {name: 4 for name in ("other_entity_id", "by_entity_id") if hasattr(model, name)}


@contextmanager
def imported(lines: list[bytes], url: str) -> Iterator[Library]:
    store = MemoryBlobStore()
    import_library(lines, Settings(DATABASE_URL=url), store)
    with open_library(Settings(DATABASE_URL=url), store) as library:
        yield library


@pytest.fixture
def new_url(tmp_path: Path) -> Callable[[str], str]:
    return lambda kind: postgres.new_database() if kind == "postgres" else f"sqlite:///{tmp_path}/new/dam.sqlite3"


def test_there_and_back_is_the_same_to_the_byte(full: Library, new_url: Callable[[str], str]) -> None:
    lines = list(export(full))
    assert len(lines) == json.loads(lines[-1])["rows"] + len(all_tables()) + 3
    with imported(lines, new_url("postgres")) as there:
        assert there.id == full.id
        across = list(export(there))
        assert [line for line in across if b'"next_ids"' not in line][:-1] == [
            line for line in lines if b'"next_ids"' not in line
        ][:-1]
        with imported(across, new_url("sqlite")) as back:
            assert list(export(back))[:-2] == lines[:-2]
            for library in (there, back):
                with library.write() as session:
                    session.add(new := Entity())
                    session.flush()
                    assert new.id == 6


def test_a_library_that_is_not_empty_is_not_imported_into(full: Library, tmp_path: Path) -> None:
    lines = list(export(full))
    settings = Settings(DATABASE_URL=str(full.engine.url))
    with pytest.raises(DamError, match="not empty"):
        import_library(lines, settings, full.store)
    other = MemoryBlobStore()
    other.write_marker("another")
    with pytest.raises(ForeignStoreError, match="another"):
        import_library(lines, Settings(DATABASE_URL=f"sqlite:///{tmp_path}/x/dam.sqlite3"), other)


@pytest.fixture(scope="module")
def small(empty_library_folder: Path) -> list[bytes]:
    with open_library(
        Settings(
            DATABASE_URL=f"sqlite:///{empty_library_folder}/dam.sqlite3",
            ASSET_STORAGE_PATH=empty_library_folder / "store",
        )
    ) as library:
        return list(export(library))


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("target") / "dam.sqlite3"


@given(place=st.integers(0, 10_000), bits=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_export_leaves_nothing(
    small: list[bytes],
    target: Path,
    place: int,
    bits: int,
    cut: bool,  # noqa: FBT001
) -> None:
    data = bytearray(b"".join(small))
    place %= len(data)
    if cut:
        del data[place : place + 1 + bits]
    else:
        data[place] ^= bits or 1
    with pytest.raises(DamError):
        import_library(
            bytes(data).splitlines(keepends=True), Settings(DATABASE_URL=f"sqlite:///{target}"), MemoryBlobStore()
        )
    assert not target.exists() or target.stat().st_size == 0


def test_an_export_of_another_schema(small: list[bytes], tmp_path: Path) -> None:
    settings = Settings(DATABASE_URL=f"sqlite:///{tmp_path}/dam.sqlite3")
    for schema, error in (("0001", DamError), ("9999", NewerSchemaError)):
        header = json.loads(small[0]) | {"schema": schema}
        with pytest.raises(error, match=schema):
            import_library([json.dumps(header).encode() + b"\n"], settings, MemoryBlobStore())


@pytest.mark.parametrize("name", ["1.5", '"no_column"', "null"])
def test_an_export_with_a_column_that_there_is_not(small: list[bytes], tmp_path: Path, name: str) -> None:
    changed = [line.replace(b'"system_set_id"', name.encode()) for line in small[:-1]]
    assert changed != small[:-1]
    end = json.loads(small[-1]) | {"sha256": hashlib.sha256(b"".join(changed)).hexdigest()}
    settings = Settings(DATABASE_URL=f"sqlite:///{tmp_path}/dam.sqlite3")
    with pytest.raises(DamError, match="the export is damaged before line"):
        import_library([*changed, json.dumps(end).encode() + b"\n"], settings, MemoryBlobStore())
