"""Where the contents of assets are: looked up in batches, then checked in the file system."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, select

from dam.media.files.source import FileState
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.components import ecs
from dam.storage.blob_store import BlobStore

RecordedSource = tuple[bytes, int, int]
"""Path, size and modification time."""


@dataclass(frozen=True)
class Holding:
    """An asset, and where the library says that its content is."""

    entity_id: int
    sha256: str
    size: int
    is_trashed: bool
    is_stored: bool
    sources: Sequence[RecordedSource] = field(default=())
    """The recorded sources of an asset that is only referenced."""

    def loss(self, store: BlobStore) -> str | None:
        """Return why the library does not have the content now; None if it has. Looks at files, and reads none."""
        if self.is_trashed:
            return f"it is in the trash, as entity {self.entity_id}: dam-cli trash restore {self.entity_id}"
        if not self.is_stored:
            if any(_is_as_recorded(source) for source in self.sources):
                return None
            return f"entity {self.entity_id} refers to it, but every source is missing or has changed: add the file"
        size = store.size(self.sha256)
        if size == self.size:
            return None
        lost = "is missing from the store" if size is None else f"has {size} bytes instead of {self.size}"
        return f"entity {self.entity_id} has it, but its blob {lost}: add the file again"


def _is_as_recorded(source: RecordedSource) -> bool:
    path, size, mtime_ns = source
    try:
        state = FileState.of(os.stat(path))
    except OSError:
        return False
    return (state.size, state.mtime_ns) == (size, mtime_ns)


def holdings_by_sha256(connection: Connection, storage_type: str, digests: Iterable[str]) -> dict[str, Holding]:
    """Return the holdings of some contents, by SHA-256."""
    key = ContentHashSha256Component.__table__.c.hash_value
    return {holding.sha256: holding for holding in _holdings(connection, storage_type, key, digests)}


def _holdings(connection: Connection, storage_type: str, key: Any, values: Iterable[Any]) -> list[Holding]:
    statement = _statement(key)
    rows: list[Any] = []
    for some in ecs.batched(values):
        rows += connection.execute(statement, {"some": some, "storage": storage_type}).all()
    sources = _sources(connection, [row[0] for row in rows if not row[4]])
    return [
        Holding(entity_id, sha256, size, bool(is_trashed), bool(is_stored), sources.get(entity_id, ()))
        for entity_id, sha256, size, is_trashed, is_stored in rows
    ]


def _statement(key: Any) -> Select[Any]:
    sha256, properties = ContentHashSha256Component.__table__.c, FilePropertiesComponent.__table__.c
    place, trashed = FileLocationComponent.__table__.c, TrashedComponent.__table__.c
    stored = exists().where(place.entity_id == sha256.entity_id, place.storage_type == bindparam("storage"))
    return (
        select(
            sha256.entity_id,
            sha256.hash_value,
            properties.file_size_bytes,
            exists().where(trashed.entity_id == sha256.entity_id),
            stored,
        )
        .join(FilePropertiesComponent.__table__, properties.entity_id == sha256.entity_id)
        .where(key.in_(bindparam("some", expanding=True)))
    )


def _sources(connection: Connection, ids: Iterable[int]) -> Mapping[int, list[RecordedSource]]:
    table = SourcePathComponent.__table__.c
    found: dict[int, list[RecordedSource]] = {}
    for some in ecs.batched(ids):
        statement = select(table.entity_id, table.path, table.size, table.mtime_ns).where(table.entity_id.in_(some))
        for entity_id, *source in connection.execute(statement):
            found.setdefault(entity_id, []).append((bytes(source[0]), source[1], source[2]))
    return found
