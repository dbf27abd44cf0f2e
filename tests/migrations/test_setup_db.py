"""Setting up, again and at once, and databases and stores that are not this program's."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Connection, create_engine, text

from tests.conftest import Dam, at_once

MARKER = "dam-library-id"
READERS = (["info"], ["find-file-by-hash", "00000000"], ["tag", "ls"], ["run-systems"], ["add-asset", "."])


@contextmanager
def database(dam: Dam) -> Iterator[Connection]:
    engine = create_engine(dam.env["DATABASE_URL"])
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def set_revision(dam: Dam, revision: str) -> None:
    with database(dam) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_several_processes_set_up_one_library(each_fresh_dam: Dam) -> None:
    ended = at_once(each_fresh_dam, *[["setup-db"]] * 6)
    assert [code for code, _ in ended] == [0] * 6, ended
    with database(each_fresh_dam) as connection:
        [library_id] = connection.scalars(text("SELECT uuid FROM library"))
    assert (each_fresh_dam.store / MARKER).read_text().strip() == library_id
    assert each_fresh_dam("info", "--json").json["library_id"] == library_id


def test_several_processes_ingest_into_a_library_that_is_not_there_yet(fresh_dam: Dam) -> None:
    (fresh_dam.folder / "in").mkdir()
    (fresh_dam.folder / "in" / "a.txt").write_text("a")
    ended = at_once(fresh_dam, *[["add-asset", "in"]] * 6)
    assert [code for code, _ in ended] == [0] * 6, ended
    assert fresh_dam("info", "--json").json["entities"] == 1


def test_setting_up_again_changes_nothing(each_fresh_dam: Dam) -> None:
    each_fresh_dam("setup-db")
    before = each_fresh_dam("info", "--json").json
    each_fresh_dam("setup-db")
    assert each_fresh_dam("info", "--json").json == before


@pytest.mark.parametrize("command", [["setup-db"], *READERS], ids=" ".join)
def test_a_newer_database_is_refused_and_not_written(dam: Dam, command: list[str]) -> None:
    set_revision(dam, "9999")
    before = (dam.folder / "dam.sqlite3").read_bytes()
    assert "9999" in dam(*command, code=12).err
    assert (dam.folder / "dam.sqlite3").read_bytes() == before


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_an_older_database_is_refused_with_a_hint(dam: Dam, command: list[str]) -> None:
    set_revision(dam, "0000")
    before = (dam.folder / "dam.sqlite3").read_bytes()
    assert "dam-cli setup-db" in dam(*command, code=10).err
    assert (dam.folder / "dam.sqlite3").read_bytes() == before


@pytest.mark.parametrize("command", READERS[:-1], ids=" ".join)
def test_where_no_library_is_none_is_made(fresh_dam: Dam, command: list[str]) -> None:
    assert "dam-cli setup-db" in fresh_dam(*command, code=10).err
    assert not (fresh_dam.folder / "dam.sqlite3").exists()


def test_an_empty_postgres_database_is_no_library(postgres_url: str, fresh_dam: Dam) -> None:
    fresh_dam.env["DATABASE_URL"] = postgres_url
    for command in READERS:
        assert "dam-cli setup-db" in fresh_dam(*command, code=10).err


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE bookmarks (url TEXT)"],
        ["CREATE TABLE library (books INTEGER)"],
        ["CREATE TABLE library (uuid TEXT)", "INSERT INTO library VALUES ('a'), ('b')"],
        ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('ae1027a6acf')"],
        [
            "CREATE TABLE alembic_version (version_num TEXT)",
            "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
            "CREATE TABLE library (uuid TEXT)",
            "CREATE TABLE entities (id INTEGER)",
            "INSERT INTO library VALUES ('a')",
        ],
    ],
)
def test_the_database_of_another_program_is_no_library(fresh_dam: Dam, statements: list[str]) -> None:
    path = fresh_dam.folder / "dam.sqlite3"
    with closing(sqlite3.connect(path)) as other, other:
        for statement in statements:
            other.execute(statement)
    before = path.read_bytes()
    for command in (["info"], ["add-asset", "."], ["setup-db"]):
        assert "database of another program" in fresh_dam(*command, code=10).err
    assert path.read_bytes() == before
    assert not fresh_dam.store.exists()


def test_tables_of_another_program_in_postgres(postgres_url: str, fresh_dam: Dam) -> None:
    fresh_dam.env["DATABASE_URL"] = postgres_url
    with database(fresh_dam) as connection:
        connection.execute(text("CREATE TABLE bookmarks (url TEXT)"))
    for command in (["info"], ["setup-db"]):
        assert "bookmarks" in fresh_dam(*command, code=10).err


def test_a_revision_that_no_migration_has_is_an_error_with_a_message(dam: Dam) -> None:
    set_revision(dam, "0000")
    error = dam("setup-db", code=5).err
    assert "0000" in error
    assert "internal error" not in error


def test_a_file_that_is_no_database(fresh_dam: Dam) -> None:
    (fresh_dam.folder / "dam.sqlite3").write_text("this is not a database, however long one looks at it" * 99)
    for command in (*READERS, ["setup-db"]):
        error = fresh_dam(*command, code=5).err
        assert "file is not a database" in error
        assert "internal error" not in error


@pytest.mark.parametrize("command", [["info"], ["add-asset", "."]], ids=" ".join)
def test_a_store_without_a_marker_is_refused(dam: Dam, command: list[str]) -> None:
    (dam.folder / "a.txt").write_text("a")
    dam("add-asset", "-j0", "a.txt")
    (dam.store / MARKER).unlink()
    assert "is it mounted" in dam(*command, code=10).err
    assert "is it mounted" in dam("setup-db", code=10).err


def test_the_store_of_another_library_is_refused(dam: Dam, fresh_dam: Dam) -> None:
    fresh_dam("setup-db")
    shutil.rmtree(dam.store)
    fresh_dam.store.rename(dam.store)
    for command in (*READERS, ["setup-db"]):
        assert "do not belong together" in dam(*command, code=10).err


def test_an_empty_library_whose_setup_was_cut_short_is_finished(dam: Dam) -> None:
    shutil.rmtree(dam.store)
    dam("info", code=10)
    (dam.folder / "a.txt").write_text("a")
    assert dam("add-asset", "a.txt", "--json").json_lines[0]["status"] == "added"


def test_tables_of_an_extension_are_no_other_programs(postgres_url: str, fresh_dam: Dam) -> None:
    """As of PostGIS. Any table can be made one of an extension."""
    fresh_dam.env["DATABASE_URL"] = postgres_url
    with database(fresh_dam) as connection:
        connection.execute(text("CREATE TABLE spatial_ref_sys (srid INTEGER)"))
        connection.execute(text("ALTER EXTENSION plpgsql ADD TABLE spatial_ref_sys"))
        connection.commit()
    fresh_dam("setup-db")
    fresh_dam("info")
