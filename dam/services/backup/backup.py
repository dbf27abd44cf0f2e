"""Make a backup of the database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dam.core.durable import flush, make_folder
from dam.core.errors import DamError, NoLibraryError, UsageError
from dam.core.interrupts import note_change
from dam.services.backup.backups import Backup, backup_folder, backup_name, remove_old
from dam.services.backup.copying import copy_database
from dam.storage.staging_area import StagingArea

TEMPORARY = ".dam-backup"
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@dataclass(frozen=True)
class BackupResult:
    """A new backup, and the paths of the old ones that were removed for it."""

    backup: Backup
    removed: tuple[str, ...]


def make_backup(database: Path | None, target: Path | None = None, *, keep: int, lock_timeout: float) -> BackupResult:
    """Copy the database of a library to a file, or into a folder; return when the copy is checked and durable.

    Without `target`, it goes into the folder beside the database, and only the `keep` newest stay there. Others can
    read and write meanwhile.

    Raises:
        UsageError: the database is not SQLite's, the target exists, or `keep` is 0 and there is no target.
        NoLibraryError: there is no library.
        DamagedDatabaseError: the database is damaged.
        DamError: the target cannot be written.

    """
    default = backup_folder(database)
    if target is None and not keep:
        raise UsageError("DAM_BACKUPS is 0, no backup is kept beside the database: name a FILE or a FOLDER")
    if not database or not database.is_file() or not database.stat().st_size:
        raise NoLibraryError(f"there is no library at {database}: there is nothing to back up")
    with _writing(target or default):
        target = target and target.absolute()
        folder = target if target and target.is_dir() else target.parent if target else default
        if target is None:
            make_folder(folder, mode=0o700)
        elif not folder.is_dir():
            raise DamError(f"cannot write a backup to {target}: there is no such folder")
        try:
            with staged(folder) as temporary:
                found = copy_database(database, temporary, lock_timeout)
                made_at = datetime.now(UTC)
                path = folder / backup_name(found.library_id, made_at) if target in (None, folder) else target
                publish(temporary, path)
                note_change()
        finally:
            if target is None:  # and empty, as after a refusal
                with suppress(OSError):
                    folder.rmdir()
        removed = remove_old(folder, found.library_id, keep) if target is None else []
        made = Backup(str(path), found.library_id, made_at, path.stat().st_size, found.schema_revision)
    return BackupResult(made, tuple(removed))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DamError(f"cannot write a backup to {exc.filename or folder}: {exc.strerror or exc}") from exc


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty file in a folder for the user alone. What is still there at the end goes, also after a kill."""
    parent = folder / TEMPORARY
    area = StagingArea(parent)
    try:
        path = area.files / "database"
        os.close(os.open(path, NEW_FILE, 0o600))
        yield path
    finally:
        area.close()
        with suppress(OSError):  # another process has its files there
            parent.rmdir()


def publish(temporary: Path, path: Path) -> None:
    """Give a flushed file its name; UsageError if there is one of that name."""
    flush(temporary)
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise UsageError(f"{path} exists: a backup replaces no file") from None
    except OSError:  # a file system without hard links, such as that of a memory stick
        if path.exists():
            raise UsageError(f"{path} exists: a backup replaces no file") from None
        temporary.rename(path)
    flush(path.parent)
