"""Recorded states of source files, which tell what need not be read again."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Select, bindparam, func, select
from sqlalchemy.orm import Session

from dam.media.files.source import FileState
from dam.media.kinds import Kind
from dam.models.source_path_component import SourcePathComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.components import ecs
from dam.services.sources.source_paths import path_digest
from dam.systems.system import complete_sets

MAX_ROWS = 100_000
"""Maximum number of files of a folder whose rows are held in memory, about 650 bytes each."""

T = TypeVar("T")

FileKey: TypeAlias = tuple[str, int, int, int, int | None]
"""Path, size in bytes, modification time in nanoseconds, inode number (signed), change time.

The change time is None in a record that was written before it was kept.
"""


def key_of(path: str, status: os.stat_result) -> FileKey:
    """Return the key of a file in its current state."""
    state = FileState.of(status)
    return path, state.size, state.mtime_ns, state.inode, state.ctime_ns


def find_recorded(files: Mapping[FileKey, T], path: str, status: os.stat_result) -> T | None:
    """Return what `files` has for a file in its current state, or None."""
    # Most files are found at once, which a rescan spends its time with. No record has a value beyond 64 bits
    found = files.get((path, status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns))
    if found is None:
        key = key_of(path, status)
        found = files.get(key)
        if found is None:
            found = files.get((*key[:4], None))
    return found


@dataclass(frozen=True)
class RecordedFiles:
    """Recorded files, each with its asset."""

    current: dict[FileKey, int] = field(default_factory=dict)
    """Files whose assets have the current set of systems."""
    outdated: dict[FileKey, int] = field(default_factory=dict)
    """All other files."""


def current_sets() -> tuple[str, ...]:
    """Return the sets of systems with which assets of each kind of media are up to date."""
    return tuple(each for kind in Kind for each in complete_sets(kind))


def recorded_in(connection: Connection, folder: str, current: tuple[str, ...]) -> RecordedFiles | None:
    """Return the recorded files of a folder; None if there are more than `MAX_ROWS`. `current`: see `current_sets`."""
    table = SourcePathComponent.__table__.c
    statement = _recorded(current).where(table.folder_digest == bindparam("folder")).limit(MAX_ROWS + 1)
    rows = _rows(connection, statement, {"folder": path_digest(os.fsencode(folder))})
    return _by_key(rows) if len(rows) <= MAX_ROWS else None


def recorded_among(connection: Connection, paths: Iterable[str], current: tuple[str, ...]) -> RecordedFiles:
    """Return the recorded files at some paths. `current`: see `current_sets`."""
    table = SourcePathComponent.__table__.c
    statement = _recorded(current).where(table.path_digest.in_(bindparam("digests", expanding=True)))
    rows: list[Any] = []
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        rows += _rows(connection, statement, {"digests": digests})
    return _by_key(rows)


def _rows(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    """Return raw rows of the driver: they take most of the time of a rescan."""
    rows: Sequence[Any] = connection.execute(statement, values).cursor.fetchall()
    return rows


def _by_key(rows: Sequence[Any]) -> RecordedFiles:
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    files = RecordedFiles()
    for path, size, mtime_ns, inode, ctime_ns, entity_id, is_current in rows:
        key = str(path, encoding, errors), size, mtime_ns, inode, ctime_ns
        (files.current if is_current else files.outdated)[key] = entity_id
    return files


@cache
def _recorded(current: tuple[str, ...]) -> Select[Any]:
    table, record, sets = SourcePathComponent.__table__.c, SystemRecord.__table__.c, SystemSet.__table__.c
    current_ids = select(sets.id).where(sets.systems.in_(current))
    return (
        select(
            table.path,
            table.size,
            table.mtime_ns,
            table.inode,
            table.ctime_ns,
            table.entity_id,
            func.coalesce(record.system_set_id.in_(current_ids), False),
        )
        .outerjoin(SystemRecord.__table__, record.entity_id == table.entity_id)
        .order_by(table.id)
    )


def files_in(session: Session, folder: str) -> list[tuple[str, int]]:
    """Return the path and asset of every recorded file of a folder, oldest first."""
    table = SourcePathComponent
    rows = session.execute(
        select(table.path, table.entity_id)
        .where(table.folder_digest == path_digest(os.fsencode(folder)))
        .order_by(table.updated_at, table.id)
    )
    return [(os.fsdecode(path), entity_id) for path, entity_id in rows]
