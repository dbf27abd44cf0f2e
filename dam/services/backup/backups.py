"""Backups as files: their names, the folder beside the database, and which of them go."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dam.core.durable import flush
from dam.core.errors import DamError, UsageError
from dam.services.backup.copying import read_identity

FOLDER = "backups"
TIME = "%Y%m%dT%H%M%S.%fZ"
NAME = re.compile(r"dam-([0-9a-f-]{36})-(\d{8}T\d{6}\.\d{6}Z)\.sqlite3")


@dataclass(frozen=True)
class Backup:
    """A backup of the database of a library; `schema_revision` is None where it cannot be read."""

    path: str
    library_id: str
    made_at: datetime
    size: int
    schema_revision: str | None


def backup_folder(database: Path | None) -> Path:
    """Return the folder in which the backups of a SQLite database are by default; UsageError for another one."""
    if database is None:
        raise UsageError("backups are made of SQLite databases only: for PostgreSQL, use pg_dump and pg_restore")
    return database.parent / FOLDER


def backup_name(library_id: str, made_at: datetime) -> str:
    """Return the name of a backup: the library, and the time in UTC."""
    return f"dam-{library_id}-{made_at.strftime(TIME)}.sqlite3"


def list_backups(folder: Path) -> list[Backup]:
    """Return the backups in a folder, the newest first; DamError where it cannot be read."""
    return [_described(path, match) for path, match in reversed(_named(folder))]


def remove_old(folder: Path, library_id: str, keep: int) -> list[str]:
    """Remove the backups of a library but the newest; return their paths. One that cannot be removed stays."""
    own = [path for path, match in _named(folder) if match[1] == library_id]
    removed = []
    for path in own[: max(len(own) - keep, 0)]:
        with suppress(OSError):
            path.unlink()
            removed.append(str(path))
    if removed:
        with suppress(OSError):
            flush(folder)
    return removed


def _named(folder: Path) -> Sequence[tuple[Path, re.Match[str]]]:
    """Return the backups in a folder and the parts of their names, the oldest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise DamError(f"cannot read the folder of backups {folder}: {exc.strerror}") from exc
    found = [(folder / name, match) for name in names if (match := NAME.fullmatch(name))]
    return sorted(found, key=lambda each: (each[1][2], each[1][1]))


def _described(path: Path, name: re.Match[str]) -> Backup:
    schema = size = None
    with suppress(DamError, OSError):
        size = path.stat().st_size
        schema = read_identity(path, 0).schema_revision
    made_at = datetime.strptime(name[2], TIME).replace(tzinfo=UTC)
    return Backup(str(path), name[1], made_at, size or 0, schema)
