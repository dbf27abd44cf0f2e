"""What is known of the database, without writing to it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from dam.core.config import Settings
from dam.core.database import journal_mode, make_engine, reading
from dam.core.errors import DamagedDatabaseError, DamError, ForeignDatabaseError, LockedError, NoLibraryError
from dam.core.schema import SETUP_HINT, check_schema, head_revision
from dam.services.backup.backups import backup_folder, list_backups
from dam.services.backup.copying import Identity, identity, naming, opened
from dam.services.doctor.check import Check, fail, ok, warn
from dam.services.doctor.file_system import check_file_system, check_rights, check_space

WAIT_SECONDS = 2.0
HINT_DAMAGED = "restore a backup (dam-cli backup --list, dam-cli restore FILE)"


def check_database(settings: Settings) -> Iterator[Check]:
    """Yield what is known of the configured database."""
    path = settings.sqlite_path
    if path is None:
        yield from _check_server(settings)
        return
    yield from check_file_system("database", path.parent, has_database=True)
    yield from check_space("database", path.parent)
    if not path.exists() or not path.stat().st_size:
        what = "is empty" if path.exists() else "does not exist"
        yield fail("database", f"{path} {what}", f"is DATABASE_URL right? If so, {SETUP_HINT}, or restore a backup")
        return
    yield from check_rights("database", path)
    yield from check_rights("database folder", path.parent)
    yield from _check_content(path)
    yield from _check_backups(path, settings.DAM_BACKUPS)


def library_id(settings: Settings) -> str | None:
    """Return the id of the library in a SQLite database, None where it cannot be read."""
    try:
        return _read(settings.sqlite_path)[0].library_id if settings.sqlite_path else None
    except DamError:
        return None


def _read(path: Path) -> tuple[Identity, str]:
    """Return which library a database has, and its journal mode."""
    with opened(path, WAIT_SECONDS, "ro") as connection, naming(path):
        found = identity(connection, path)
        [mode] = connection.execute("PRAGMA journal_mode").fetchone()
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
        if mode != "wal" and pages * size > path.stat().st_size:
            raise sqlite3.DatabaseError("malformed: the file is shorter than its header says")
        return found, str(mode)


def _check_content(path: Path) -> Iterator[Check]:
    try:
        found, mode = _read(path)
    except LockedError:
        yield warn("database", f"{path} is locked now", "another command writes to it: run doctor again later")
    except ForeignDatabaseError as exc:
        yield fail("database", str(exc), "give dam a database of its own, by DATABASE_URL")
    except NoLibraryError as exc:
        yield fail("database", str(exc), SETUP_HINT)
    except DamagedDatabaseError as exc:
        yield fail("database", str(exc), HINT_DAMAGED)
    except DamError as exc:
        if path.with_name(f"{path.name}-journal").exists():  # to roll it back is to write
            yield warn("database", f"{exc}: a killed process left a journal", "the next command rolls it back")
        else:
            yield fail("database", str(exc), "correct the permissions, or the disk")
    else:
        yield ok("database", f"{path}, library {found.library_id}")
        yield _check_schema(found.schema_revision)
        if mode == "wal" and journal_mode() != "WAL":
            yield warn(
                "journal mode",
                f"write-ahead log, which SQLite {sqlite3.sqlite_version} can corrupt",
                "the next command that writes changes it; use no other SQLite program on it meanwhile",
            )
        else:
            yield ok("journal mode", "write-ahead log" if mode == "wal" else f"rollback journal ({journal_mode()})")


def _check_schema(revision: str) -> Check:
    head = head_revision()
    if revision < head:
        return fail("schema", f"{revision}, this program needs {head}", "dam-cli setup-db (it makes a backup first)")
    if revision > head:
        return fail("schema", f"{revision}, this program knows {head}", "install a newer dam")
    return ok("schema", revision)


def _check_backups(path: Path, keep: int) -> Iterator[Check]:
    try:
        found = list_backups(backup_folder(path))
    except DamError as exc:
        yield warn("backups", str(exc), "correct the permissions")
        return
    if found:
        yield ok("backups", f"{len(found)}, the newest of {found[0].made_at:%Y-%m-%d %H:%M} UTC")
    else:
        told = "" if keep else ", and DAM_BACKUPS is 0: none is made before an upgrade"
        yield warn("backups", f"none beside the database{told}", "dam-cli backup, best to another disk")


def _check_server(settings: Settings) -> Iterator[Check]:
    try:
        engine = make_engine(settings.DATABASE_URL, WAIT_SECONDS)
        try:
            with reading(engine)() as session:
                version = session.connection().exec_driver_sql("SHOW server_version").scalar()
                yield ok("database server", f"PostgreSQL {version}")
                found = check_schema(session.connection())
                yield ok("database", f"library {found}, schema {head_revision()}")
        finally:
            engine.dispose()
    except (DamError, SQLAlchemyError) as exc:
        yield fail("database", str(exc), "is DATABASE_URL right, and does the server run?")
