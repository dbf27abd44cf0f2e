"""A backup on a file system that can share the bytes of files: writers wait for an instant, and no byte is copied."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dam.core.errors import LockedError
from dam.services.backup.backup import make_backup
from tests.faults.disk import MakeDisk

FILLER = 20_000_000


@pytest.fixture
def database(make_disk: MakeDisk, library_folder: Path) -> Path:
    """A database of 20 MB with a rollback journal."""
    path = make_disk("xfs").place / "dam.sqlite3"
    shutil.copy(library_folder / "dam.sqlite3", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("CREATE TABLE filler (content BLOB)")
        connection.execute("INSERT INTO filler VALUES (randomblob(?))", (FILLER,))
    os.sync()
    return path


def free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bfree * status.f_frsize


@pytest.mark.sweep
def test_the_bytes_are_shared_and_what_is_not_committed_is_left_out(database: Path) -> None:
    before = free(database.parent)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO filler VALUES (randomblob(100))")
        copy = Path(make_backup(database, keep=5, lock_timeout=0).backup.path)
        writer.execute("COMMIT")
    os.sync()
    assert before - free(database.parent) < FILLER / 2
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT sum(length(content)) FROM filler").fetchone() == (FILLER,)
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.sweep
def test_a_database_that_is_being_written_is_not_shared(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LockedError):
            make_backup(database, keep=5, lock_timeout=0)
