"""Files that are as an ingest has recorded them, each with its content: one look-up for a folder."""

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, select

from dam.media.files.walk import FoundFile, WalkBatch
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.components import ecs
from dam.services.sources.recorded_files import MAX_ROWS, key_of
from dam.services.sources.source_paths import path_digest

_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()

_StateKey = tuple[bytes, int, int, int, int | None]
"""Path, size, modification time, inode number and change time, as in `FileKey`."""


class KnownFiles:
    """Recorded files with their contents; a check spends its time here, so the rows are used as the driver has them."""

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self._rows: dict[_StateKey, Any] = {row[:5]: row for row in rows}

    def find(self, path: str, status: os.stat_result) -> Any | None:
        """Return the entity id, the SHA-256, and whether a blob has it, for a file in its current state, or None."""
        raw = path.encode(_ENCODING, _ERRORS)
        row = self._rows.get((raw, status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns))
        if row is None and self._rows:
            _, size, mtime_ns, inode, ctime_ns = key_of(path, status)
            row = self._rows.get((raw, size, mtime_ns, inode, ctime_ns)) or self._rows.get(
                (raw, size, mtime_ns, inode, None)
            )
        return row and row[5:]


class Lookup:
    """Looks up the recorded files of a walk, folder by folder; very large folders in parts. The trash is left out."""

    def __init__(self, connection: Connection, storage_type: str) -> None:
        self._connection = connection
        self._storage_type = storage_type
        self._folder: str | None = None
        self._of_folder: KnownFiles | None = None

    def of(self, batch: WalkBatch) -> KnownFiles:
        """Return the recorded files of a batch, and possibly others."""
        if batch.folder is None:
            return self._among(batch)
        if batch.folder != self._folder:  # a large folder has several batches
            self._folder = batch.folder
            self._of_folder = self._in(batch.folder)
        return self._among(batch) if self._of_folder is None else self._of_folder

    def _in(self, folder: str) -> KnownFiles | None:
        rows = self._rows(_of_folder(), {"folder": path_digest(os.fsencode(folder))})
        return KnownFiles(rows) if len(rows) <= MAX_ROWS else None

    def _among(self, batch: WalkBatch) -> KnownFiles:
        paths = (item.path for item in batch.entries if isinstance(item, FoundFile))
        rows: list[Any] = []
        for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
            rows += self._rows(_of_paths(), {"digests": digests})
        return KnownFiles(rows)

    def _rows(self, statement: Select[Any], values: dict[str, Any]) -> Sequence[Any]:
        """Return raw rows of the driver: they take most of the time of a check."""
        values["storage"] = self._storage_type
        rows: Sequence[Any] = self._connection.execute(statement, values).cursor.fetchall()
        return rows


@cache
def _of_folder() -> Select[Any]:
    return _recorded().where(SourcePathComponent.folder_digest == bindparam("folder")).limit(MAX_ROWS + 1)


@cache
def _of_paths() -> Select[Any]:
    return _recorded().where(SourcePathComponent.path_digest.in_(bindparam("digests", expanding=True)))


def _recorded() -> Select[Any]:
    source, sha256 = SourcePathComponent.__table__.c, ContentHashSha256Component.__table__.c
    place, trashed = FileLocationComponent.__table__.c, TrashedComponent.__table__.c
    state = (source.path, source.size, source.mtime_ns, source.inode, source.ctime_ns)
    is_stored = exists().where(place.entity_id == source.entity_id, place.storage_type == bindparam("storage"))
    return (
        select(*state, source.entity_id, sha256.hash_value, is_stored)
        .join(ContentHashSha256Component.__table__, sha256.entity_id == source.entity_id)
        .where(~exists().where(trashed.entity_id == source.entity_id))
        .order_by(source.id)
    )
