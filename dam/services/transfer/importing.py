"""Import: read an export into an empty library, in one transaction."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, insert
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from dam.core import database, interrupts
from dam.core.config import Settings, default_settings
from dam.core.errors import DamError, ForeignStoreError, NewerSchemaError
from dam.core.schema import head_revision
from dam.models.library import LibraryIdentity
from dam.services.components.row_json import from_json
from dam.services.rebuild.sequences import raise_sequences
from dam.services.setup import alone, upgrade
from dam.services.transfer.export import FORMAT, VERSION, all_tables
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore

PAGE = 1000
REFUSED = (AttributeError, DataError, IntegrityError, KeyError, OverflowError, StatementError, TypeError, ValueError)
EMPTY = ("entities", "operations", "mirrors")
"""The tables that must have no row: those of the others are about assets, or set-up makes them."""


@dataclass(frozen=True)
class Imported:
    """What was imported."""

    library_id: str
    rows: int


def import_library(
    lines: Iterable[bytes], settings: Settings | None = None, store: BlobStore | None = None
) -> Imported:
    """Make the library of an export, all of it or nothing. The blobs are not in an export: copy the store.

    Raises:
        DamError: the library has assets, or the export is damaged, incomplete or of another schema.
        ForeignStoreError: the store belongs to another library.

    """
    settings = settings or default_settings()
    store = store or LocalBlobStore(settings.ASSET_STORAGE_PATH, umask=settings.umask)
    database.make_folder(settings.sqlite_path, settings.umask)
    database.make_file(settings.sqlite_path, settings.umask)
    engine = database.make_engine(settings.DATABASE_URL, settings.DAM_LOCK_TIMEOUT)
    reader = _Reader(lines)
    try:
        library_id = _check(reader.header(), store)
        with store.in_use(), alone(engine) as connection:  # no collection takes its blobs before the commit
            upgrade(connection)
            _clear(connection)
            rows = _insert_all(connection, reader)
            store.write_marker(library_id)  # before the commit: an import that is killed can be tried again
        interrupts.note_change()
    finally:
        engine.dispose()
    return Imported(library_id, rows)


def _check(header: Any, store: BlobStore) -> str:
    """Return the library's id in the header, if this program can read the export."""
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise DamError("this is not an export of a library")
    schema, head = str(header.get("schema")), head_revision()
    if header.get("version") != VERSION or schema > head:
        raise NewerSchemaError(f"the export has schema {schema}, this program knows {head}: install a newer dam")
    if schema < head:
        raise DamError(f"the export has schema {schema}, this program needs {head}: export again with this program")
    library_id, found = str(header.get("library")), store.marker()
    if found is not None and found != library_id:
        raise ForeignStoreError(
            f"{store.root or 'the store'} is the store of library {found}, the export is of library {library_id}: "
            "correct ASSET_STORAGE_PATH"
        )
    return library_id


def _clear(connection: Connection) -> None:
    """Delete what the set-up of an empty library has written."""
    tables = all_tables()
    for table in tables:
        if table.name in EMPTY and connection.execute(table.select().limit(1)).first():
            where = connection.engine.url.render_as_string(hide_password=True)
            raise DamError(f"{where} has a library that is not empty: import into a new database")
    for table in reversed(tables):
        connection.execute(delete(table))


def _insert_all(connection: Connection, reader: "_Reader") -> int:
    tables = {table.name: table for table in all_tables()}
    table: Table | None = None
    columns: list[str] = []
    page: list[dict[str, Any]] = []
    for content in reader.contents():
        try:
            if isinstance(content, list):
                assert table is not None  # noqa: S101  the reader has seen its line
                page.append(from_json(table, dict(zip(columns, content, strict=True))))
            if page and (isinstance(content, dict) or len(page) == PAGE) and table is not None:
                connection.execute(insert(table), page)
                page = []
            if isinstance(content, dict) and "table" in content:
                table = tables[content["table"]]
                columns = _known_columns(table, content["columns"])
            elif isinstance(content, dict):
                raise_sequences(connection, tables.values(), content["next_ids"])
        except REFUSED as exc:
            raise DamError(f"the export is damaged before line {reader.line}: {_cause(exc)}") from exc
    if not connection.execute(LibraryIdentity.__table__.select()).first():
        raise DamError("the export has no identity of a library")
    return reader.rows


def _known_columns(table: Table, names: list[Any]) -> list[str]:
    if unknown := [name for name in names if not (isinstance(name, str) and name in table.c)]:
        raise ValueError(f"{table.name} has no column {unknown[0]}")
    return names


def _cause(exc: Exception) -> str:
    return str(getattr(exc, "orig", None) or exc) or type(exc).__name__


class _Reader:
    """Reads the lines of an export, and checks them against their end."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._digest = hashlib.sha256()
        self.line = 0
        self.rows = 0

    def header(self) -> Any:
        """Return the first line."""
        return self._next()

    def contents(self) -> Iterator[Any]:
        """Yield the lines up to the end.

        Raises:
            DamError: a line is missing or damaged.

        """
        has_table = False
        while True:
            before = self._digest.hexdigest()
            content = self._next()
            if isinstance(content, dict) and "end" in content:
                if content.get("rows") != self.rows or content.get("sha256") != before:
                    raise DamError("the export is damaged: it does not match the checksum at its end")
                return
            has_table = has_table or (isinstance(content, dict) and "table" in content)
            if not has_table or not isinstance(content, dict | list):
                raise DamError(f"line {self.line} of the export is damaged")
            self.rows += isinstance(content, list)
            yield content

    def _next(self) -> Any:
        raw = next(self._lines, b"")
        self.line += 1
        if not raw.endswith(b"\n"):
            raise DamError(f"the export is incomplete: it ends in line {self.line}")
        self._digest.update(raw)
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as exc:
            raise DamError(f"line {self.line} of the export is damaged: {exc}") from exc
