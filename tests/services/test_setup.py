from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from dam.core.config import Settings
from dam.core.database import make_engine
from dam.core.errors import DamError, ForeignStoreError, NewerSchemaError, NoLibraryError, OutdatedSchemaError
from dam.core.libraries import sqlite_url
from dam.core.schema import check_schema, head_revision
from dam.services.setup import set_up
from dam.storage.local import LocalBlobStore


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, 5)
    yield engine
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalBlobStore]:
    store = LocalBlobStore(tmp_path / "store")
    yield store
    store.close()


def change(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_the_first_time_and_again(engine: Engine, store: LocalBlobStore) -> None:
    first = set_up(engine, store)
    assert (first.before, first.after) == (None, head_revision())
    assert UUID(first.library_id).version == 4
    store.check_marker(first.library_id)
    again = set_up(engine, store)
    assert (again.before, again.after, again.library_id) == (head_revision(), head_revision(), first.library_id)
    with engine.connect() as connection:
        assert check_schema(connection) == first.library_id


def test_the_schema_that_a_database_may_have(engine: Engine, store: LocalBlobStore) -> None:
    with engine.connect() as connection, pytest.raises(NoLibraryError, match="dam-cli setup-db"):
        check_schema(connection)
    set_up(engine, store)
    for revision, error in (("0000", OutdatedSchemaError), ("9999", NewerSchemaError)):
        change(engine, f"UPDATE alembic_version SET version_num = '{revision}'")
        with engine.connect() as connection, pytest.raises(error, match=revision):
            check_schema(connection)
    with pytest.raises(NewerSchemaError, match="9999"):
        set_up(engine, store)


def test_a_revision_of_nobody(engine: Engine, store: LocalBlobStore) -> None:
    set_up(engine, store)
    change(engine, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(DamError, match="0000"):
        set_up(engine, store)


def test_the_store_of_another_library(engine: Engine, store: LocalBlobStore) -> None:
    store.write_marker("another")
    with pytest.raises(ForeignStoreError, match="another"):
        set_up(engine, store)


def test_an_empty_library_gets_a_new_store_and_a_full_one_does_not(engine: Engine, tmp_path: Path) -> None:
    stores = [LocalBlobStore(tmp_path / name) for name in ("first", "second", "third")]
    set_up(engine, stores[0])
    set_up(engine, stores[1])
    change(engine, "INSERT INTO entities DEFAULT VALUES")
    with pytest.raises(ForeignStoreError, match="is it mounted"):
        set_up(engine, stores[2])
    assert not stores[2].root.exists()
    for store in stores:
        store.close()


@pytest.mark.parametrize("name", ["with space", "100%", "a%20b", "ünï", "a#b", "a&b=c", "why?", "a+b"])
def test_a_database_of_any_name(tmp_path: Path, store: LocalBlobStore, name: str) -> None:
    url = sqlite_url(tmp_path / name)
    engine = make_engine(url, 5)
    set_up(engine, store)
    engine.dispose()
    assert (tmp_path / name).stat().st_size
    assert Settings(DATABASE_URL=url).sqlite_path == tmp_path / name
