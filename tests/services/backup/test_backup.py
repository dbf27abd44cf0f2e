import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

import dam
from dam.core.errors import DamagedDatabaseError, DamError, LockedError, NoLibraryError, UsageError
from dam.services.backup import copying
from dam.services.backup.backup import make_backup
from dam.services.backup.backups import backup_folder, backup_name, list_backups
from tests.conftest import Dam


@pytest.fixture
def database(library_folder: Path) -> Path:
    return library_folder / "dam.sqlite3"


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


def count(path: Path, table: str = "entities") -> int:
    with connected(path) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def fill(path: Path, megabytes: int) -> None:
    with connected(path) as connection:
        connection.execute("CREATE TABLE filler (content BLOB)")
        for _ in range(megabytes):
            connection.execute("INSERT INTO filler VALUES (randomblob(1000000))")


def back_up(database: Path, target: Path | None = None, keep: int = 5, lock_timeout: float = 0) -> Path:
    return Path(make_backup(database, target, keep=keep, lock_timeout=lock_timeout).backup.path)


def test_a_backup_is_the_database(database: Path) -> None:
    made = make_backup(database, keep=5, lock_timeout=0)
    path = Path(made.backup.path)
    assert path.parent == backup_folder(database)
    assert path.read_bytes()[100:] == database.read_bytes()[100:]  # the header counts changes
    assert made.backup.size == path.stat().st_size
    assert made.removed == ()
    assert [path.name for path in path.parent.iterdir()] == [path.name]
    assert list_backups(path.parent) == [made.backup]


def test_a_backup_is_for_its_user_alone(database: Path) -> None:
    before = os.umask(0)
    try:
        path = back_up(database)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_database_with_a_write_ahead_log_becomes_one_file(database: Path, tmp_path: Path) -> None:
    with connected(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO entities DEFAULT VALUES")
        assert database.with_name("dam.sqlite3-wal").stat().st_size
        path = back_up(database, tmp_path)
    assert path.read_bytes()[18:20] == b"\x01\x01"  # no write-ahead log
    assert count(path) == 1
    assert sorted(tmp_path.glob("dam-*")) == [path]


def test_only_the_newest_stay(database: Path, tmp_path: Path) -> None:
    folder = backup_folder(database)
    made = [back_up(database, keep=3) for _ in range(4)]
    another = folder / backup_name("0" * 8 + "-0000-4000-8000-" + "0" * 12, datetime(2001, 1, 1, tzinfo=UTC))
    shutil.copy(made[-1], another)
    (folder / "of the user.sqlite3").touch()
    last = make_backup(database, keep=2, lock_timeout=0)
    assert set(last.removed) == {str(made[1]), str(made[2])}
    assert set(folder.iterdir()) == {another, folder / "of the user.sqlite3", made[3], Path(last.backup.path)}
    for _ in range(3):
        back_up(database, tmp_path, keep=1)
    assert len(list_backups(tmp_path)) == 3  # in another folder, none goes


def test_no_file_is_replaced(database: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("of the user")
    with pytest.raises(UsageError, match="exists"):
        back_up(database, tmp_path / "there")
    assert (tmp_path / "there").read_text() == "of the user"
    assert back_up(database, tmp_path / "new") == tmp_path / "new"


def test_no_backup_is_kept(database: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="DAM_BACKUPS"):
        back_up(database, keep=0)
    assert back_up(database, tmp_path / "named", keep=0).exists()


def test_what_cannot_be_backed_up(database: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pg_dump"):
        make_backup(None, keep=5, lock_timeout=0)
    for missing in (tmp_path / "missing", tmp_path / "empty"):
        with pytest.raises(NoLibraryError):
            back_up(missing)
        (tmp_path / "empty").touch()
    with connected(tmp_path / "bookmarks.sqlite3") as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(NoLibraryError, match="another program"):
        back_up(tmp_path / "bookmarks.sqlite3", tmp_path / "copy")
    with pytest.raises(DamError, match="no such folder"):
        back_up(database, tmp_path / "no" / "folder")
    whole = database.read_bytes()
    database.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedDatabaseError):
        back_up(database, tmp_path / "copy")
    database.write_text("this is no database, however long it is" * 99)
    with pytest.raises(DamagedDatabaseError):
        back_up(database, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob(".dam*"))


def test_rows_that_only_an_integrity_check_misses(database: Path, tmp_path: Path) -> None:
    """Damage in an index: SQLite reads every page of it without a complaint."""
    with connected(database) as connection:
        connection.execute("INSERT INTO entities DEFAULT VALUES")
        connection.execute("CREATE TABLE words (word TEXT)")
        connection.execute("CREATE INDEX by_word ON words (word)")
        connection.execute("INSERT INTO words VALUES ('needle-in-the-index')")
        [root] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'by_word'").fetchone()
        [page] = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(database.read_bytes())
    at = content.index(b"needle-in-the-index", (root - 1) * page)
    content[at : at + 6] = b"thread"
    database.write_bytes(content)
    with pytest.raises(DamagedDatabaseError, match="by_word"):
        back_up(database, tmp_path / "copy")


def test_others_write_between_the_steps(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some beginnings the rest is one step, so that it ends under steady writes."""
    fill(database, 2)
    monkeypatch.setattr(copying, "STEP_PAGES", 100)
    written = 0

    class WritingWatch(copying._Watch):
        def __call__(self, status: int, remaining: int, total: int) -> None:
            nonlocal written
            if remaining:
                with connected(database) as writer:
                    writer.execute("INSERT INTO entities DEFAULT VALUES")
                written += 1
            super().__call__(status, remaining, total)

    monkeypatch.setattr(copying, "_Watch", WritingWatch)
    path = back_up(database, tmp_path)
    assert written >= 4
    assert (count(path), count(path, "filler")) == (written, 2)


def test_what_is_not_committed_is_not_in_it(database: Path, tmp_path: Path) -> None:
    with connected(database) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO entities DEFAULT VALUES")
        assert count(back_up(database, tmp_path)) == 0
        writer.execute("COMMIT")
    assert count(back_up(database, tmp_path)) == 1


def test_a_database_that_another_holds(database: Path, tmp_path: Path) -> None:
    with connected(database) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError, match="DAM_LOCK_TIMEOUT"):
            back_up(database, tmp_path)


def test_what_a_killed_backup_left_goes_with_the_next(database: Path) -> None:
    left = backup_folder(database) / ".dam-backup" / "0123" / "files"
    left.mkdir(parents=True)
    (left / "database").write_bytes(b"half")
    assert set(backup_folder(database).iterdir()) == {backup_folder(database) / ".dam-backup"}
    path = back_up(database)
    assert list(backup_folder(database).iterdir()) == [path]


def test_from_python(tmp_path: Path) -> None:
    with dam.open(f"sqlite:///{tmp_path}/library/dam.sqlite3") as library:
        made = library.backup(tmp_path / "copy")
        assert (made.backup.path, made.backup.library_id) == (str(tmp_path / "copy"), library.id)
        assert Path(library.backup().backup.path).parent == tmp_path / "library" / "backups"


def test_the_command(dam: Dam) -> None:
    assert dam("backup", "--list", code=1).out == ""
    path = Path(dam("backup").out.strip())
    [listed] = dam("backup", "--list", "--json").json["backups"]
    assert (listed["path"], listed["size"]) == (str(path), path.stat().st_size)
    assert str(path) in dam("backup", "--list").out
    assert "no folder" in dam("backup", "missing/", code=2).err
    assert "pg_dump" in dam("backup", env={"DATABASE_URL": "postgresql://a@/b"}, code=2).err
    shutil.rmtree(dam.store)  # the store is not mounted: more reason for a backup
    dam("backup")
    assert len(dam("backup", "--json", env={"DAM_BACKUPS": "1"}).json["removed"]) == 2
