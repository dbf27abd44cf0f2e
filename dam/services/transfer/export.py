"""Export: every row of every table as a line of JSON, from one state of the database.

Lines: what this is; for each table its columns, then a list for each of its rows; the last ids that tables have given;
the end, with the number of rows and the SHA-256 of all lines before. See `doc/json.md`.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Table, select

from dam.core import database
from dam.core.errors import DamError
from dam.core.libraries import sqlite_url
from dam.core.schema import head_revision
from dam.models import all_models
from dam.models.base_class import Base
from dam.services.library import Library
from dam.services.rebuild.sequences import next_ids

FORMAT = "dam-library"
VERSION = 1
PAGE = 1000


def all_tables() -> list[Table]:
    """Return all tables: one that a row refers to comes before the table of the row."""
    all_models()
    return list(Base.metadata.sorted_tables)


def export(library: Library) -> Iterator[bytes]:
    """Yield the lines of an export. No transaction is open meanwhile that others would wait for."""
    digest, rows = hashlib.sha256(), 0
    with _one_state(library) as connection:
        for content in _contents(connection, library.id):
            rows += isinstance(content, list)
            line = _line(content)
            digest.update(line)
            yield line
    yield _line({"end": True, "rows": rows, "sha256": digest.hexdigest()})


def _contents(connection: Connection, library_id: str) -> Iterator[Any]:
    yield {"format": FORMAT, "version": VERSION, "schema": head_revision(), "library": library_id}
    tables = all_tables()
    for table in tables:
        yield {"table": table.name, "columns": [column.name for column in table.c]}
        statement = select(table).order_by(*table.primary_key).execution_options(yield_per=PAGE)
        for row in connection.execute(statement):
            yield list(row)
    yield {"next_ids": next_ids(connection, tables)}


def _line(content: Any) -> bytes:
    return json.dumps(content, default=_plain, separators=(",", ":")).encode("ascii") + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")


@contextmanager
def _one_state(library: Library) -> Iterator[Connection]:
    """Open a connection on which nothing changes: to a copy of a SQLite file, as a long read would block writers."""
    if library.engine.dialect.name != "sqlite":
        with library.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
        return
    name = library.engine.url.database or ""
    try:
        with TemporaryDirectory(prefix=".dam-export-", dir=Path(name).parent) as folder:
            copy = Path(folder, "copy.sqlite3")
            with closing(sqlite3.connect(copy)) as target, library.peek() as source:
                source.connection.driver_connection.backup(target)  # type: ignore[union-attr]  # it is connected
            engine = database.make_engine(sqlite_url(copy), 1)
            try:
                with database.peeking(engine).connect() as connection:
                    yield connection
            finally:
                engine.dispose()
    except (OSError, sqlite3.Error) as exc:
        raise DamError(f"cannot copy the database {name} for the export: {exc}") from exc
