import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dam.core.errors import (
    DamagedDatabaseError,
    DamError,
    ForeignBackupError,
    ForeignDatabaseError,
    LockedError,
    NewerSchemaError,
    NoLibraryError,
    UsageError,
)
from dam.services.backup.backup import make_backup
from dam.services.backup.restore import RestoreResult, restore_backup
from dam.storage.local import LocalBlobStore
from tests.conftest import Dam, dam_in
from tests.services.backup.test_backup import back_up, connected, count

OTHER_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def database(library_folder: Path) -> Path:
    return library_folder / "dam.sqlite3"


@pytest.fixture
def backup(database: Path, tmp_path: Path) -> Path:
    """A backup with one entity; the database has two then."""
    add_entity(database)
    path = back_up(database, tmp_path / "backup")
    add_entity(database)
    return path


def add_entity(path: Path) -> None:
    execute(path, "INSERT INTO entities DEFAULT VALUES")


def execute(path: Path, statement: str) -> None:
    with connected(path) as connection:
        connection.execute(statement)


def restore(backup: Path, database: Path, *, dry_run: bool = False) -> RestoreResult:
    store = LocalBlobStore(database.parent / "store")
    return restore_backup(backup, database, store, lock_timeout=0, dry_run=dry_run)


def refused(backup: Path, database: Path, error: type[DamError], match: str) -> None:
    """A refusal changes nothing at all."""
    before = {path: path.read_bytes() for path in database.parent.rglob("*") if path.is_file()}
    for dry_run in (True, False):
        with pytest.raises(error, match=match):
            restore(backup, database, dry_run=dry_run)
    assert {path: path.read_bytes() for path in database.parent.rglob("*") if path.is_file()} == before


def test_a_backup_takes_the_place_of_the_database(database: Path, backup: Path) -> None:
    database.chmod(0o640)
    before = database.read_bytes()
    planned = restore(backup, database, dry_run=True)
    assert database.read_bytes() == before
    done = restore(backup, database)
    assert done.kept
    assert (count(database), count(backup), count(Path(done.kept))) == (1, 1, 2)
    assert (done.is_outdated, planned.database, planned.library_id) == (False, done.database, done.library_id)
    assert database.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in database.parent.iterdir()) == sorted(
        [database.name, Path(done.kept).name, "store"]
    )


def test_where_no_database_is(database: Path, backup: Path) -> None:
    shutil.rmtree(database.parent)
    assert restore(backup, database).kept is None
    assert count(database) == 1
    assert database.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["empty", "truncated", "no database"])
def test_a_database_that_is_damaged(database: Path, backup: Path, damage: str) -> None:
    """Its journal must not be applied to the new one."""
    whole = database.read_bytes()
    database.write_bytes({"empty": b"", "truncated": whole[:5000], "no database": b"?" * 9999}[damage])
    journal = database.with_name("dam.sqlite3-journal")
    journal.write_bytes(b"a journal of the old one")
    done = restore(backup, database)
    assert done.kept
    assert not journal.exists()
    if damage == "empty":  # else SQLite has opened it, and dropped a journal that is none
        assert Path(f"{done.kept}-journal").read_bytes() == b"a journal of the old one"
    assert count(database) == 1


def make_hot_journal(path: Path, of: Callable[[sqlite3.Connection], object]) -> None:
    """Leave a database as a kill in the middle of a commit does: half of it in the file, and a journal to undo that."""
    work = path.with_name("work.sqlite3")
    shutil.copy(path, work)
    with closing(sqlite3.connect(work, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA cache_spill = 1")
        connection.execute("BEGIN")
        of(connection)
        journal = work.with_name("work.sqlite3-journal")
        shutil.copy(work, path)
        path.with_name(f"{path.name}-journal").write_bytes(journal.read_bytes())
        connection.execute("ROLLBACK")
    work.unlink()


def test_the_journal_of_a_killed_process_is_not_applied_to_the_new_one(database: Path, backup: Path) -> None:
    def spill(connection: sqlite3.Connection) -> None:
        for _ in range(2000):
            connection.execute("INSERT INTO entities DEFAULT VALUES")

    make_hot_journal(database, spill)
    assert database.with_name("dam.sqlite3-journal").stat().st_size
    done = restore(backup, database)
    assert done.kept
    assert (count(database), count(Path(done.kept))) == (1, 2)  # what was half written was rolled back first
    assert not list(database.parent.glob("*-journal"))


def test_a_write_ahead_log_goes_with_the_old_one(database: Path, backup: Path) -> None:
    execute(database, "PRAGMA journal_mode = WAL")
    add_entity(database)
    done = restore(backup, database)
    assert done.kept
    assert (count(database), count(Path(done.kept))) == (1, 3)
    assert not list(database.parent.glob("*-wal"))


def test_whoever_has_the_old_one_open_cannot_write_to_it(database: Path, backup: Path) -> None:
    with connected(database) as idle:
        assert idle.execute("SELECT count(*) FROM entities").fetchone() == (2,)
        restore(backup, database)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            idle.execute("INSERT INTO entities DEFAULT VALUES")


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_database_in_use(database: Path, backup: Path, mode: str) -> None:
    with connected(database) as user:
        user.execute(f"PRAGMA journal_mode = {mode}")
        user.execute("BEGIN")
        user.execute("SELECT count(*) FROM entities").fetchone()
        with pytest.raises(LockedError):
            restore(backup, database)
    assert count(database) == 2


def test_while_files_are_added(database: Path, backup: Path) -> None:
    store = LocalBlobStore(database.parent / "store")
    staged = store.stage()
    with pytest.raises(LockedError, match="being added"):
        restore(backup, database)
    staged.discard()
    store.close()
    restore(backup, database)


def test_another_library(database: Path, backup: Path) -> None:
    execute(backup, f"UPDATE library SET uuid = '{OTHER_ID}'")
    refused(backup, database, ForeignBackupError, "library 00000000-")
    database.unlink()
    refused(backup, database, ForeignBackupError, "is the store of library")
    (database.parent / "store" / "dam-library-id").unlink()  # not mounted: nobody knows
    restore(backup, database)


def test_the_database_of_another_program(database: Path, backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "bookmarks.sqlite3"
    execute(other, "CREATE TABLE bookmarks (url TEXT)")
    refused(other, database, ForeignDatabaseError, "another program")
    shutil.copy(other, database)
    refused(backup, database, ForeignDatabaseError, "another program")


def test_schemas(database: Path, backup: Path) -> None:
    execute(backup, "UPDATE alembic_version SET version_num = '9999'")
    refused(backup, database, NewerSchemaError, "9999")
    execute(backup, "UPDATE alembic_version SET version_num = '0011'")
    assert restore(backup, database).is_outdated


def test_what_is_no_backup(database: Path, backup: Path, tmp_path: Path) -> None:
    refused(tmp_path / "missing", database, DamError, "no such file")
    refused(tmp_path, database, DamError, "no such file")
    refused(database, database, UsageError, "the database itself")
    (tmp_path / "empty").touch()
    refused(tmp_path / "empty", database, NoLibraryError, "empty")
    with pytest.raises(UsageError, match="pg_restore"):
        restore_backup(backup, None, LocalBlobStore(tmp_path), lock_timeout=0)
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedDatabaseError):
        restore(backup, database)
    assert count(database) == 2


def test_a_database_behind_a_link(database: Path, backup: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(database)
    store = LocalBlobStore(database.parent / "store")
    restore_backup(backup, link, store, lock_timeout=0)
    assert link.is_symlink()
    assert count(database) == 1


def test_the_command(dam: Dam) -> None:
    (dam.folder / "a.txt").write_text("a")
    path = dam("backup").out.strip()
    dam("add-asset", "-j0", "a.txt")
    before = (dam.folder / "dam.sqlite3").read_bytes()
    assert "--yes" in dam("restore", path, code=2).err
    assert "would restore" in dam("restore", path, "--dry-run").out
    assert (dam.folder / "dam.sqlite3").read_bytes() == before
    done = dam("restore", path, "--yes")
    assert "dam-cli rebuild-db --merge" in done.err
    assert dam("info", "--json").json["entities"] == 0
    dam("rebuild-db", "--merge")
    assert dam("info", "--json").json["entities"] == 1
    dam("run-systems")
    dam("verify")


def test_an_older_backup_is_upgraded_next(dam: Dam) -> None:
    outdated = make_backup(dam.folder / "dam.sqlite3", dam.folder / "old", keep=0, lock_timeout=0).backup.path
    make_outdated(Path(outdated))
    done = dam("restore", outdated, "--yes")
    assert "dam-cli setup-db" in done.err
    dam("info", code=10)
    assert dam("setup-db", "--json").json["before"] == "0011"
    dam("info")


def make_outdated(path: Path) -> None:
    """Downgrade a database to the schema before the manifest."""
    from alembic import command
    from alembic.config import Config

    from dam.core.database import make_engine
    from dam.core.schema import migrations_path

    config = Config()
    config.set_main_option("script_location", str(migrations_path()))
    engine = make_engine(f"sqlite:///{path}", 5)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
    engine.dispose()


@pytest.mark.parametrize("keep", [0, 2])
def test_an_upgrade_makes_a_backup_first(library_folder: Path, keep: int) -> None:
    dam = dam_in(library_folder)
    dam.env["DAM_BACKUPS"] = str(keep)
    for _ in range(3):
        make_outdated(library_folder / "dam.sqlite3")
        shutil.rmtree(library_folder / "store" / "manifest", ignore_errors=True)  # as old as the database
        done = dam("setup-db", "--json").json
        assert (done["before"], done["schema_revision"] > "0011") == ("0011", True)
        assert bool(done["backup"]) is bool(keep)
    listed = dam("backup", "--list", "--json", code=None).json["backups"]
    assert [each["schema_revision"] for each in listed] == ["0011"] * keep
    if keep:
        assert done["backup"] == listed[0]["path"]
    assert dam("setup-db", "--json").json["backup"] is None  # there is nothing to upgrade


def test_an_upgrade_that_cannot_be_backed_up_is_none(dam: Dam) -> None:
    make_outdated(dam.folder / "dam.sqlite3")
    (dam.folder / "backups").write_text("no folder")
    assert "DAM_BACKUPS=0" in dam("setup-db", code=5).err
    with connected(dam.folder / "dam.sqlite3") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0011",)
    assert "no backup" in dam("setup-db", env={"DAM_BACKUPS": "0"}).err


def test_a_backup_whose_schema_has_a_name_that_is_no_text(database: Path, backup: Path) -> None:
    """Found by the fuzzer: SQLite's message has it."""
    content = backup.read_bytes()
    assert b"CREATE TABLE system_sets (" in content
    backup.write_bytes(content.replace(b"CREATE TABLE system_sets (", b"CREATE TABLE system_sets \xe4"))
    with pytest.raises(DamagedDatabaseError, match="malformed"):
        restore(backup, database)
