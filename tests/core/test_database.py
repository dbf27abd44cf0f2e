import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dam.core import config
from dam.core.database import journal_mode, make_engine, reading, writing
from dam.core.errors import DamError, UsageError
from dam.models import TagComponent
from dam.services.library import Library
from tests.conftest import Dam


def test_the_tests_meet_no_library_of_their_user() -> None:
    config.reset()
    assert "nonexistent" in config.settings.DATABASE_URL


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 7, 0), "TRUNCATE"),
        ((3, 40, 1), "TRUNCATE"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((3, 53, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_write_ahead_only_where_it_cannot_corrupt(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


def test_a_connection_to_sqlite_is_durable_and_has_foreign_keys(library: Library) -> None:
    with library.engine.connect() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": journal_mode().lower(), "synchronous": 2, "foreign_keys": 1}


def test_a_component_needs_its_entity(each_library: Library) -> None:
    with pytest.raises(IntegrityError), each_library.write() as session:
        session.add(TagComponent(entity_id=99, tag="x"))


def test_a_reader_does_not_wait_for_a_writer(library: Library) -> None:
    with writing(library.engine)() as writer, reading(library.engine)() as reader:
        writer.execute(text("INSERT INTO entities DEFAULT VALUES"))
        assert reader.scalar(text("SELECT count(*) FROM entities")) == 0


@pytest.mark.parametrize("url", ["nonsense", "sqlite+nonsense:///x", "postgresql+psycopg://host:port/name"])
def test_a_url_that_cannot_be_understood(url: str) -> None:
    with pytest.raises(UsageError, match="DATABASE_URL"):
        make_engine(url, 1)


def test_a_folder_where_the_database_should_be(dam: Dam) -> None:
    error = dam("info", env={"DATABASE_URL": f"sqlite:///{dam.folder}"}, code=5).err
    assert "unable to open database file" in error
    assert "internal error" not in error


def test_a_database_in_a_folder_that_cannot_be_made(dam: Dam) -> None:
    (dam.folder / "file").touch()
    error = dam("setup-db", env={"DATABASE_URL": f"sqlite:///{dam.folder}/file/x.db"}, code=5).err
    assert "internal error" not in error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_database_can_be_read(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (dam.folder / "dam.sqlite3").chmod(0o444)
    dam("info")
    error = dam("add-asset", tmp_path / "a.txt", code=5).err
    assert "readonly" in error
    assert "internal error" not in error


@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_a_damaged_database_is_an_error_with_a_message(dam: Dam, damage: str) -> None:
    path = dam.folder / "dam.sqlite3"
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] if damage == "truncated" else whole[:4096] + b"\xff" * (len(whole) - 4096))
    error = dam("info", code=5).err
    assert "malformed" in error
    assert "internal error" not in error


def test_errors_have_no_traceback_but_a_cause(tmp_path: Path) -> None:
    with pytest.raises(DamError) as caught:
        make_engine(f"sqlite:///{tmp_path}/no/folder/x.db", 1).connect()
    assert caught.value.__cause__ is not None
