"""Find the assets whose rows may differ from the manifest, without a look at each row of it.

Most lines of a manifest tell of a new asset or of a source, and most rows are as these lines say. So the line is put
together again from the rows, and hashed; the hashes are added up for each range of ids, from the manifest and from the
database. Where the sums are equal, so are the rows. The other ranges are compared row by row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from dam.core.database import fetched
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.entity import Entity
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.library import Library
from dam.services.manifest.file_lines import FileLine
from dam.services.manifest.kept_tables import KEPT_TABLES, kept_models, table_of
from dam.services.manifest.lines import Line, quoted
from dam.services.manifest.records import asset_body, source_body
from dam.services.sources.source_paths import displayed, folder_digest, path_digest

RANGE = 64
"""Number of ids in a range."""
PAGE = 4000

IN_LINES = (
    Entity,
    ContentHashSha256Component,
    ContentHashMd5Component,
    FilePropertiesComponent,
    FileLocationComponent,
    SourcePathComponent,
)
"""The tables whose rows are put together to lines."""


@dataclass
class RowSums:
    """The sums of the manifest less those of the database, by range."""

    _sums: dict[int, int] = field(default_factory=dict)
    _others: set[int] = field(default_factory=set)
    """Ranges about which there are other lines or rows."""
    has_other_lines: bool = False

    def add(self, line: Line | FileLine, concerned: Iterable[int]) -> None:
        """Add a line of the manifest; `concerned` has the ids of the assets that another line is about."""
        if isinstance(line, FileLine):
            self._change(line.entity_id, hash(line.body))
            return
        self.has_other_lines = True
        self._others.update(entity_id // RANGE for entity_id in concerned)

    def differing(self, library: Library) -> list[int]:
        """Take the rows of the database off; return the ranges that are to be compared row by row, ascending."""
        low: int | None = None
        while True:
            with library.peek() as connection:
                high = _page_end(connection, low)
                self._take_off(connection, low, high)
            if high is None:
                break
            low = high
        with library.peek() as connection:
            self._others.update(_ranges_of_others(connection))
        return sorted({*(number for number, rest in self._sums.items() if rest), *self._others})

    def _take_off(self, connection: Connection, low: int | None, high: int | None) -> None:
        for entity_id, *row in fetched(connection.execute(_within(_ASSETS, Entity.id, low, high)).all):
            body = _asset(entity_id, *row)
            self._change(entity_id, -hash(body.encode("ascii")) if body else 1)
        statement = _within(_SOURCES, SourcePathComponent.entity_id, low, high)
        for source in fetched(connection.execute(statement).mappings().all):
            body = source_body(dict(source)) if _is_consistent(source) else None
            self._change(source["entity_id"], -hash(body.encode("ascii")) if body else 1)

    def _change(self, entity_id: int, by: int) -> None:
        number = entity_id // RANGE
        self._sums[number] = self._sums.get(number, 0) + by


_ASSETS = (
    select(
        Entity.id,
        Entity.created_at,
        ContentHashSha256Component.hash_value,
        ContentHashMd5Component.hash_value,
        FilePropertiesComponent.file_size_bytes,
        FilePropertiesComponent.original_filename,
        FilePropertiesComponent.media_type,
        FileLocationComponent.storage_type,
        FileLocationComponent.file_identifier,
    )
    .outerjoin(ContentHashSha256Component, ContentHashSha256Component.entity_id == Entity.id)
    .outerjoin(ContentHashMd5Component, ContentHashMd5Component.entity_id == Entity.id)
    .outerjoin(FilePropertiesComponent, FilePropertiesComponent.entity_id == Entity.id)
    .outerjoin(FileLocationComponent, FileLocationComponent.entity_id == Entity.id)
)
_SOURCES = select(*(column for column in table_of(SourcePathComponent).c if column.name not in ("id", "created_at")))


def _within(statement: Any, column: Any, low: int | None, high: int | None) -> Any:
    limits = [] if low is None else [column > low]
    return statement.where(*limits, *([] if high is None else [column <= high]))


def _page_end(connection: Connection, low: int | None) -> int | None:
    statement = _within(select(Entity.id), Entity.id, low, None).order_by(Entity.id).offset(PAGE - 1).limit(1)
    found: int | None = connection.scalar(statement)
    return found


def _asset(entity_id: int, created_at: Any, *row: Any) -> str | None:
    """Return the line of an asset; None if its rows are not all there, or contradict each other."""
    sha256, md5, size, name, kind, storage_type, identifier = row
    texts = sha256, md5, name, kind, storage_type
    if identifier != sha256 or type(size) is not int or not all(type(text) is str for text in texts):
        return None
    if not isinstance(created_at, datetime) or not (sha256.isascii() and md5.isascii()):
        return None
    return asset_body(entity_id, sha256, md5, size, name, kind, storage_type, quoted(created_at.isoformat()))


def _is_consistent(row: Any) -> bool:
    """Return whether a source has the types that it must have, and the columns that follow from its path."""
    path = row["path"]
    numbers = row["size"], row["mtime_ns"], row["inode"], row["ctime_ns"] or 0
    return (
        type(path) is bytes
        and all(type(number) is int for number in numbers)
        and type(row["filename"]) is str
        and isinstance(row["updated_at"], datetime)
        and row["path_digest"] == path_digest(path)
        and row["folder_digest"] == folder_digest(path)
        and row["path_display"] == displayed(path)
    )


def _ranges_of_others(connection: Connection) -> Iterator[int]:
    """Yield the ranges of the assets that have rows in other kept tables."""
    for name, model in kept_models().items():
        if name not in KEPT_TABLES and model not in IN_LINES:
            table: Table = table_of(model)
            yield from connection.scalars(select(table.c.entity_id // RANGE).distinct())
