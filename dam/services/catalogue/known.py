"""What the library knows already: by an unchanged path, or by content."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from dam.media.files.source import FileState
from dam.media.files.walk import Found
from dam.media.kinds import Kind, kind_of
from dam.media.sample import obstacle
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue import ecs
from dam.services.catalogue.source_paths import path_digest
from dam.systems.system import labels_in, obstacles, system_set, systems_for, todays_set


@dataclass(frozen=True)
class Known:
    """An asset that the library has, and the systems that it has seen."""

    entity_id: int
    sha256: str
    md5: str
    size: int
    media_type: str
    system_set: str | None

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the systems that have run for it."""
        return labels_in(self.system_set or "")

    @property
    def is_current(self) -> bool:
        """Whether today's systems have nothing to add, or cannot run here."""
        if self.system_set in (None, todays_set(self.kind)):
            return self.system_set is not None
        due = [system for system in systems_for(self.kind) if system.label not in self.labels]
        return obstacle(self.media_type) is not None or 0 < len(due) == len(obstacles(self.media_type, due))


def known_by_path(session: Session, files: Iterable[Found]) -> dict[str, Known]:
    """Return what is known of those files that still have the size, time and inode of an earlier ingest, by path."""
    found: dict[str, Known] = {}
    table = SourcePathComponent
    for some in ecs.batched(files):
        by_digest = {path_digest(os.fsencode(file.path)): file for file in some}
        rows = session.execute(
            _known(table.path_digest, table.size, table.mtime_ns, table.inode)
            .join(table, table.entity_id == ContentHashSha256Component.entity_id)
            .where(table.path_digest.in_(by_digest))
        )
        for *known, digest, size, mtime_ns, inode in rows:
            state = FileState.of(by_digest[digest].status)
            if (size, mtime_ns, inode) == (state.size, state.mtime_ns, state.inode):
                found[by_digest[digest].path] = Known(*known)
    return found


MOST_AT_ONCE = 100_000
"""Of how many files of a folder the rows are held in memory, about 600 bytes each; of more, some at a time."""

Current = dict[str, tuple[int, int, int, int]]
"""Files by path. Of each: its asset, size, modification time in nanoseconds, and inode."""


def current_files(connection: Connection, folder: str) -> Current | None:
    """Return the files of a folder that today's systems have nothing to add to; None where they are too many at once.

    The rows are taken from the driver as they are: a rescan is made of little else.
    """
    table = SourcePathComponent.__table__.c
    statement = _current().where(table.folder_digest == bindparam("folder")).limit(MOST_AT_ONCE + 1)
    rows = _rows(connection, statement, {"folder": path_digest(os.fsencode(folder))})
    return _by_path(rows) if len(rows) <= MOST_AT_ONCE else None


def current_among(connection: Connection, paths: Iterable[str]) -> Current:
    """Return those of some files that today's systems have nothing to add to."""
    table = SourcePathComponent.__table__.c
    statement = _current().where(table.path_digest.in_(bindparam("digests", expanding=True)))
    found: Current = {}
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        found |= _by_path(_rows(connection, statement, {"digests": digests}))
    return found


def _rows(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
    rows: Sequence[Any] = connection.execute(statement, values).cursor.fetchall()
    return rows


def _by_path(rows: Iterable[Any]) -> Current:
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    return {str(row[0], encoding, errors): row[1:] for row in rows}


@cache
def _current() -> Select[Any]:
    table, record, sets = SourcePathComponent.__table__.c, SystemRecord.__table__.c, SystemSet.__table__.c
    todays = select(sets.id).where(or_(*(sets.systems == todays_set(kind) for kind in Kind)))
    return (
        select(table.path, table.entity_id, table.size, table.mtime_ns, table.inode)
        .join(SystemRecord.__table__, record.entity_id == table.entity_id)
        .where(record.system_set_id.in_(todays))
        .order_by(table.id)
    )


def known_by_sha256(session: Session, sha256: str) -> Known | None:
    """Return what is known of a content."""
    row = session.execute(_known().where(ContentHashSha256Component.hash_value == sha256)).one_or_none()
    return Known(*row) if row else None


def known_by_id(session: Session, entity_ids: Iterable[int]) -> Iterator[Known]:
    """Yield what is known of some assets."""
    entity_id = ContentHashSha256Component.entity_id
    for some in ecs.batched(entity_ids):
        for row in session.execute(_known().where(entity_id.in_(some)).order_by(entity_id)):
            yield Known(*row)


def known_after(session: Session, after: int, limit: int) -> list[Known]:
    """Return assets beyond the id `after`, in order."""
    entity_id = ContentHashSha256Component.entity_id
    return [Known(*row) for row in session.execute(_known().where(entity_id > after).order_by(entity_id).limit(limit))]


def files_in(session: Session, folder: str) -> list[tuple[str, int]]:
    """Return the path and asset of every file that was read in a folder, oldest first."""
    table = SourcePathComponent
    rows = session.execute(
        select(table.path, table.entity_id)
        .where(table.folder_digest == path_digest(os.fsencode(folder)))
        .order_by(table.updated_at, table.id)
    )
    return [(os.fsdecode(path), entity_id) for path, entity_id in rows]


def outdated(session: Session, after: int, limit: int) -> list[Known]:
    """Return assets beyond the id `after`, in order, whose record differs from today's systems."""
    entity_id = ContentHashSha256Component.entity_id
    rows = session.execute(_known().where(entity_id > after, _differs()).order_by(entity_id).limit(limit))
    return [Known(*row) for row in rows]


def outdated_bytes(session: Session) -> int:
    """Return the size of all assets whose record differs from today's systems."""
    sizes = _known().where(_differs()).subquery().c.file_size_bytes
    return int(session.scalar(select(func.sum(sizes))) or 0)


def _differs() -> ColumnElement[bool]:
    """Whether an asset's record differs from today's systems."""
    return SystemSet.systems.is_(None) | SystemSet.systems.not_in([todays_set(kind) for kind in Kind])


def failed(session: Session, after: int, limit: int) -> list[Known]:
    """Return assets beyond the id `after`, in order, that systems have failed on: as if those had not run."""
    entity_id, failure = ContentHashSha256Component.entity_id, SystemFailureComponent
    with_failures = entity_id.in_(select(failure.entity_id))
    found = []
    for row in session.execute(_known().where(entity_id > after, with_failures).order_by(entity_id).limit(limit)):
        known = Known(*row)
        names = session.scalars(select(failure.system).where(failure.entity_id == known.entity_id)).all()
        left = {label for label in known.labels if label.partition("@")[0] not in names}
        found.append(replace(known, system_set=system_set(known.kind, left)))
    return found


def _known(*more: Any) -> Select[Any]:
    sha256, md5, properties = ContentHashSha256Component, ContentHashMd5Component, FilePropertiesComponent
    return (
        select(
            sha256.entity_id,
            sha256.hash_value,
            md5.hash_value,
            properties.file_size_bytes,
            properties.media_type,
            SystemSet.systems,
            *more,
        )
        .join(md5, md5.entity_id == sha256.entity_id)
        .join(properties, properties.entity_id == sha256.entity_id)
        .outerjoin(SystemRecord, SystemRecord.entity_id == sha256.entity_id)
        .outerjoin(SystemSet, SystemSet.id == SystemRecord.system_set_id)
    )
