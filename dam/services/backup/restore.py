"""Put a backup in the place of the database.

The new database takes the name in one rename, and the previous one is kept under another. Whoever still has that open
cannot write to it: SQLite refuses to where the file was renamed, and a write-ahead log is given up before.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dam.core import private
from dam.core.durable import flush, make_folder
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
from dam.core.interrupts import deferred, note_change
from dam.core.schema import head_revision
from dam.services.backup.backup import staged
from dam.services.backup.backups import TIME
from dam.services.backup.copying import Identity, copy_database, opened, read_identity
from dam.storage.local import MARKER, LocalBlobStore

JOURNALS = ("-journal", "-wal", "-shm")


@dataclass(frozen=True)
class RestoreResult:
    """A backup that was put in place, or would be; `kept` is where the previous database is, None if there was none."""

    backup: str
    database: str
    kept: str | None
    library_id: str
    schema_revision: str
    is_outdated: bool


def restore_backup(
    backup: Path, database: Path | None, store: LocalBlobStore, *, lock_timeout: float, dry_run: bool = False
) -> RestoreResult:
    """Put a copy of a backup in the place of the database, and keep the previous one beside it.

    Raises:
        UsageError: the database is not SQLite's, or the backup is the database.
        NoLibraryError: the backup has no library.
        ForeignBackupError: it is of another library than the database or the store.
        ForeignDatabaseError: the backup, or what is in its place now, is the database of another program.
        NewerSchemaError: the backup has a newer schema than this program.
        DamagedDatabaseError: the backup is damaged.
        LockedError: the database is in use.
        DamError: a file cannot be read or written.

    """
    if database is None:
        raise UsageError("only SQLite databases are restored: for PostgreSQL, use pg_restore")
    database = Path(os.path.realpath(database))
    found = _checked(backup, database, lock_timeout)
    previous = _previous(database, lock_timeout)
    _compare(backup, found, previous, database, store)
    _require_no_ingest(store)
    kept = _free_name(database) if database.exists() else None
    result = RestoreResult(
        str(backup),
        str(database),
        str(kept) if kept else None,
        found.library_id,
        found.schema_revision,
        found.schema_revision < head_revision(),
    )
    if not dry_run:
        with _writing(database):
            _put_in_place(backup, database, kept, lock_timeout, store.umask, is_readable=previous is not None)
    return result


def _checked(backup: Path, database: Path, lock_timeout: float) -> Identity:
    """Return what is in a backup, if this program can use it."""
    if not backup.is_file():
        raise DamError(f"cannot read the backup {backup}: there is no such file")
    if database.exists() and backup.samefile(database):
        raise UsageError(f"{backup} is the database itself")
    found = read_identity(backup, lock_timeout)
    if found.schema_revision > head_revision():
        raise NewerSchemaError(
            f"{backup} has schema {found.schema_revision}, this program knows {head_revision()}: install a newer dam"
        )
    return found


def _previous(database: Path, lock_timeout: float) -> Identity | None:
    """Return what is in the database now; None where it is missing, empty or damaged."""
    if not database.exists() or not database.stat().st_size:
        return None
    try:
        return read_identity(database, lock_timeout, "rw")
    except ForeignDatabaseError:
        raise  # it is not ours to replace
    except (DamagedDatabaseError, NoLibraryError):
        return None


def _compare(backup: Path, found: Identity, previous: Identity | None, database: Path, store: LocalBlobStore) -> None:
    """Require that a backup is of the library of the database, and of the store where that is mounted."""
    if previous and previous.library_id != found.library_id:
        raise ForeignBackupError(
            f"{backup} is a backup of library {found.library_id}, and {database} has library {previous.library_id}: "
            "name a backup of this library, or another DATABASE_URL"
        )
    with suppress(OSError, UnicodeDecodeError):
        marked = (store.root / MARKER).read_text(encoding="ascii").strip()
        if marked != found.library_id:
            raise ForeignBackupError(
                f"{backup} is a backup of library {found.library_id}, and {store.root} is the store of library "
                f"{marked}: name a backup of this library, or another ASSET_STORAGE_PATH"
            )


def _require_no_ingest(store: LocalBlobStore) -> None:
    if store.unsettled_since() is not None:
        raise LockedError(f"files are being added to the store {store.root}: try again when that has ended")


def _free_name(database: Path) -> Path:
    stamp = datetime.now(UTC).strftime(TIME)
    return database.with_name(f"{database.name}.before-restore-{stamp}")


@contextmanager
def _writing(database: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DamError(f"cannot restore {database}: {exc.filename or database}: {exc.strerror or exc}") from exc


def _put_in_place(
    backup: Path, database: Path, kept: Path | None, lock_timeout: float, umask: int, *, is_readable: bool
) -> None:
    make_folder(database.parent, mode=private.folder_mode(umask))
    with staged(database.parent) as new:
        copy_database(backup, new, lock_timeout)
        if kept:
            _adopt_rights(database, new)
        else:
            new.chmod(private.file_mode(umask))
        flush(new)
        with deferred(), _alone(database, lock_timeout) if kept and is_readable else nullcontext():
            if kept:
                _keep(database, kept)
            new.replace(database)
            flush(database.parent)
            note_change()


@contextmanager
def _alone(database: Path, lock_timeout: float) -> Iterator[None]:
    """Hold the database for this process alone, with everything that was committed in its one file."""
    with opened(database, lock_timeout) as connection:
        [mode] = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise LockedError(f"{database} is open in another process: end that, and try again")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def _keep(database: Path, kept: Path) -> None:
    """Give the previous database another name, with what is left of its journals.

    Journals are left where it could not be opened. The new database must not find them: SQLite would apply them to it.
    """
    journals = [path for end in JOURNALS if (path := Path(f"{database}{end}")).exists()]
    for path in journals:
        if not path.stat().st_size:  # as a truncated journal is
            path.unlink()
            continue
        path.replace(f"{kept}{path.name.removeprefix(database.name)}")
    try:
        os.link(database, kept)
    except OSError:  # a file system without hard links
        database.rename(kept)
    flush(database.parent)


def _adopt_rights(database: Path, new: Path) -> None:
    """Let those use the new database who could use the previous one."""
    before = database.stat()
    with suppress(PermissionError):
        os.chown(new, before.st_uid, before.st_gid)
    new.chmod(before.st_mode & 0o777)
