"""Source files as they were recorded when they were read, to tell which need not be read again."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session

from dam.media.kinds import Kind
from dam.models.source_path_component import SourcePathComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue import ecs
from dam.services.catalogue.source_paths import path_digest
from dam.systems.system import todays_set

MAX_ROWS = 100_000
"""Of how many files of a folder the rows are held in memory, about 600 bytes each; of more, some at a time."""

FileKey: TypeAlias = tuple[str, int, int, int]
"""A path, and what the file had there: size in bytes, modification time in nanoseconds, inode number (signed)."""


def key_of(path: str, status: os.stat_result) -> FileKey:
    """Return the key of a file as it is now."""
    inode = status.st_ino
    return path, status.st_size, status.st_mtime_ns, inode if inode < 1 << 63 else inode - (1 << 64)


@dataclass(frozen=True)
class RecordedFiles:
    """Files as they were recorded, with the asset of each."""

    current: dict[FileKey, int] = field(default_factory=dict)
    """Those whose asset has seen today's systems."""
    outdated: dict[FileKey, int] = field(default_factory=dict)
    """The others."""


def todays_sets() -> tuple[str, ...]:
    """Return the sets of systems of an asset that is up to date, one for each kind."""
    return tuple(todays_set(kind) for kind in Kind)


def recorded_in(connection: Connection, folder: str, todays: tuple[str, ...]) -> RecordedFiles | None:
    """Return the recorded files of a folder; None where they are too many to be held at once.

    `todays` is what `todays_sets` returns.
    """
    table = SourcePathComponent.__table__.c
    statement = _recorded(todays).where(table.folder_digest == bindparam("folder")).limit(MAX_ROWS + 1)
    rows = _rows(connection, statement, {"folder": path_digest(os.fsencode(folder))})
    return _by_key(rows) if len(rows) <= MAX_ROWS else None


def recorded_among(connection: Connection, paths: Iterable[str], todays: tuple[str, ...]) -> RecordedFiles:
    """Return the recorded files at some paths."""
    table = SourcePathComponent.__table__.c
    statement = _recorded(todays).where(table.path_digest.in_(bindparam("digests", expanding=True)))
    rows: list[Any] = []
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        rows += _rows(connection, statement, {"digests": digests})
    return _by_key(rows)


def _rows(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    """Return rows as the driver has them: a rescan is made of little else."""
    rows: Sequence[Any] = connection.execute(statement, values).cursor.fetchall()
    return rows


def _by_key(rows: Sequence[Any]) -> RecordedFiles:
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    files = RecordedFiles()
    for path, size, mtime_ns, inode, entity_id, is_current in rows:
        key = str(path, encoding, errors), size, mtime_ns, inode
        (files.current if is_current else files.outdated)[key] = entity_id
    return files


@cache
def _recorded(todays: tuple[str, ...]) -> Select[Any]:
    table, record, sets = SourcePathComponent.__table__.c, SystemRecord.__table__.c, SystemSet.__table__.c
    current = select(sets.id).where(sets.systems.in_(todays))
    return (
        select(
            table.path,
            table.size,
            table.mtime_ns,
            table.inode,
            table.entity_id,
            func.coalesce(record.system_set_id.in_(current), False),
        )
        .outerjoin(SystemRecord.__table__, record.entity_id == table.entity_id)
        .order_by(table.id)
    )


def files_in(session: Session, folder: str) -> list[tuple[str, int]]:
    """Return the path and asset of every file that was read in a folder, oldest first."""
    table = SourcePathComponent
    rows = session.execute(
        select(table.path, table.entity_id)
        .where(table.folder_digest == path_digest(os.fsencode(folder)))
        .order_by(table.updated_at, table.id)
    )
    return [(os.fsdecode(path), entity_id) for path, entity_id in rows]
