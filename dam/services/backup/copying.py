"""A consistent copy of a SQLite database, also while other processes write to it.

Where the file system can share the bytes of a file (xfs, btrfs), that is done under a reader's lock, in an instant.

Elsewhere the copy takes SQLite's own way, in steps: between two of them others can write. Where they do, SQLite begins
anew, so that under steady writes it would never end. After some beginnings it holds the lock to the end. Writers then
wait as long as a copy of the file takes (a few seconds for each gigabyte); with a write-ahead log it holds a snapshot
from the start, and nobody waits. `VACUUM INTO` always holds the lock throughout, and takes longer.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

from dam.core.errors import DamagedDatabaseError, DamError, ForeignDatabaseError, LockedError, NoLibraryError
from dam.storage.local_staging import clone_bytes

STEP_PAGES = 4096
MAX_BEGINNINGS = 4
CHECK_EVERY = 100_000
"""Instructions of SQLite between two looks at whether the user has interrupted the program."""

BUSY = (5, 6)
"""SQLITE_BUSY and SQLITE_LOCKED, which Python has no names for before 3.12."""


@dataclass(frozen=True)
class Identity:
    """Which library a database has, and its schema."""

    library_id: str
    schema_revision: str


class _TooManyWritesError(Exception):
    """Others have written so often that the copy does not end."""


class _Watch:
    """Counts how often a copy begins, and ends it where that makes no sense any more."""

    def __init__(self, max_beginnings: int) -> None:
        self._copied, self._beginnings, self._max = 0, 1, max_beginnings

    def __call__(self, status: int, remaining: int, total: int) -> None:
        """Note a step."""
        if status in BUSY:  # it has waited for the lock as long as the settings say
            raise sqlite3.OperationalError("database is locked")
        self._beginnings += total - remaining <= self._copied
        self._copied = total - remaining
        if self._beginnings > self._max:
            raise _TooManyWritesError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Translate what SQLite says of a file into errors that name it."""
    try:
        yield
    except sqlite3.DatabaseError as exc:
        text = str(exc)
        if text == "interrupted":  # SQLite knows nothing of the exception that ended its statement
            raise KeyboardInterrupt from exc
        if "locked" in text:
            raise LockedError(f"{path} is locked by another process: try again, or raise DAM_LOCK_TIMEOUT") from exc
        if "malformed" in text or "not a database" in text:
            raise DamagedDatabaseError(f"{path}: {text}") from exc
        raise DamError(f"{path}: {text}") from exc
    except UnicodeDecodeError as exc:  # of SQLite's message, which has a name in the damaged schema
        raise DamagedDatabaseError(f"{path}: its schema is malformed") from exc


@contextmanager
def opened(path: Path, lock_timeout: float, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Open a database that exists, in a mode of SQLite's URIs."""
    with naming(path):
        uri = f"file:{quote(str(path))}?mode={mode}"
        with closing(sqlite3.connect(uri, uri=True, timeout=lock_timeout, isolation_level=None)) as connection:
            yield connection


def copy_database(source: Path, target: Path, lock_timeout: float) -> Identity:
    """Copy a database into an empty file, and check the copy; return what is in it. Nothing is flushed.

    Raises:
        NoLibraryError: the source is not the database of a library.
        DamagedDatabaseError: it is damaged, or the copy is.
        LockedError: others held it for too long.
        DamError: it cannot be read, or the copy not be written.

    """
    with opened(source, lock_timeout) as original:
        has_log = original.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        is_shared = not has_log and _share(original, source, target)
    with opened(target, lock_timeout) as copy:
        copy.execute("PRAGMA journal_mode = MEMORY")
        copy.execute("PRAGMA synchronous = OFF")
        if not is_shared:
            with opened(source, lock_timeout) as original, naming(source):
                _copy(original, copy, has_log=has_log)
        copy.execute("PRAGMA journal_mode = DELETE")  # a single file, also of a database with a write-ahead log
        copy.set_progress_handler(_go_on, CHECK_EVERY)
        found = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise DamagedDatabaseError(f"{source} is damaged ({'; '.join(found)})")
        return identity(copy, source)


def _go_on() -> int:
    """Let SQLite go on; an interruption that is heard in here ends the statement."""
    return 0


def _share(original: sqlite3.Connection, source: Path, target: Path) -> bool:
    """Let an empty file share the bytes of a database, if the file system can; writers wait for an instant.

    A process of its own opens the file: the locks of this one on the database would end when it closes it (POSIX).
    """
    program = shutil.which("cp") if _can_share(target.parent) else None
    if program is None:
        return False
    _hold(original)
    try:
        done = subprocess.run([program, "--reflink=always", "--", source, target], capture_output=True, check=False)
        is_shared = done.returncode == 0
    except OSError:
        is_shared = False
    finally:
        original.execute("ROLLBACK")
    if not is_shared:
        os.truncate(target, 0)
    return is_shared


def _can_share(folder: Path) -> bool:
    """Return whether files in a folder can share their bytes, tried with two that are empty and have no names."""
    try:
        with TemporaryFile(dir=folder) as one, TemporaryFile(dir=folder) as other:
            clone_bytes(one, other)
    except OSError:
        return False
    return True


def _hold(original: sqlite3.Connection) -> None:
    """Begin a transaction that holds a lock, or with a write-ahead log a snapshot, until it ends."""
    original.execute("BEGIN")
    original.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _copy(original: sqlite3.Connection, copy: sqlite3.Connection, *, has_log: bool) -> None:
    if not has_log:
        try:
            original.backup(copy, pages=STEP_PAGES, progress=_Watch(MAX_BEGINNINGS))
        except _TooManyWritesError:
            pass
        else:
            return
    _hold(original)
    original.backup(copy, pages=STEP_PAGES, progress=_Watch(1))


def identity(connection: sqlite3.Connection, path: Path) -> Identity:
    """Return which library an open database has.

    Raises:
        NoLibraryError: it has none.
        ForeignDatabaseError: it has tables of another program.

    """
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not names:
        raise NoLibraryError(f"{path} is empty: it has no library")
    try:
        found = connection.execute("SELECT uuid, version_num FROM library, alembic_version").fetchall()
    except sqlite3.OperationalError as exc:
        if "no such" not in str(exc):
            raise
        found = []
    if len(found) != 1:
        raise ForeignDatabaseError(f"{path} is the database of another program: it has no library")
    return Identity(*map(str, found[0]))


def read_identity(path: Path, lock_timeout: float, mode: str = "ro") -> Identity:
    """Return which library a database file has; raises as `identity` and `copy_database`.

    Without a `mode` of `rw`, what a killed process left half written is not rolled back, but an error.
    """
    with opened(path, lock_timeout, mode) as connection, naming(path):
        return identity(connection, path)
