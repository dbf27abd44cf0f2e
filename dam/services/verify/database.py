"""The database's own checks: its pages and indexes, and its foreign keys."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cache

from sqlalchemy import ColumnElement, Connection, ForeignKeyConstraint, and_, func, select, text
from sqlalchemy.exc import DBAPIError

from dam.core.errors import MalformedDatabaseError
from dam.core.schema import newest_schema
from dam.models.base_class import Base
from dam.services.full_text import missing
from dam.services.library import Library
from dam.services.verify.findings import Finding, Problem

_SCHEMA = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
MAX_MESSAGES = 100
"""Maximum number of findings of SQLite's integrity check: a page that is damaged gives many."""


def database_findings(library: Library) -> Iterator[Finding]:
    """Yield what is wrong with the database.

    SQLite reads all of it, holding a lock against writers for as long: some seconds a gigabyte.
    """
    with library.peek() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        try:
            yield from map(_finding, schema_damage(connection))
            yield from map(_finding, list(_integrity(connection) if is_sqlite else _indexes(connection)))
            yield from map(
                _finding, [f"the index of words {name} is missing or incomplete" for name in missing(connection)]
            )
            yield from map(_finding, list(_sqlite_foreign_keys(connection) if is_sqlite else _foreign_keys(connection)))
        except MalformedDatabaseError as exc:
            yield _finding(str(exc))


def _finding(detail: str) -> Finding:
    return Finding(Problem.DATABASE, detail)


def schema_damage(connection: Connection) -> list[str]:
    """Compare the tables and indexes with those of the schema: SQLite reads them, and cannot know what they should be.

    The indexes of words are no part of it, and others that the user has made are left alone. PostgreSQL keeps no text
    that could change.
    """
    if connection.dialect.name != "sqlite":
        return []
    there = _statements(connection.exec_driver_sql(_SCHEMA).all())
    differing = [name for name, statement in _newest_schema().items() if there.get(name) != statement]
    return [f"the schema of {name} is damaged" if name in there else f"the schema lacks {name}" for name in differing]


@cache
def _newest_schema() -> dict[str, str]:
    """Return the statements of the newest schema, by the name of what they make; none while one is being written."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in newest_schema("sqlite") or []:
            connection.execute(statement)
        return _statements(connection.execute(_SCHEMA).fetchall())


def _statements(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return statements by name, without spaces and quotes: versions of SQLite differ in what they make of these."""
    return {name: "".join(sql.replace('"', "").split()) for name, sql in rows}


def _integrity(connection: Connection) -> Iterator[str]:
    for message in connection.exec_driver_sql(f"PRAGMA integrity_check({MAX_MESSAGES})").scalars():
        if message != "ok":
            yield from (line for line in str(message).splitlines() if not line.startswith("*** in database"))


def _sqlite_foreign_keys(connection: Connection) -> Iterator[str]:
    counts: Counter[tuple[str, str]] = Counter()
    for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        counts[table, parent] += 1
    yield from (_of_none(count, table, parent) for (table, parent), count in counts.items())


def _foreign_keys(connection: Connection) -> Iterator[str]:
    """Count the rows of each table whose foreign key refers to no row."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            count = connection.scalar(select(func.count()).select_from(table).where(refers_to_none(key)))
            if count:
                yield _of_none(count, table.name, key.referred_table.name)


def refers_to_none(key: ForeignKeyConstraint) -> ColumnElement[bool]:
    """Return the condition that a row refers to a row that does not exist."""
    parent = key.referred_table.alias()
    pairs = [(element.parent, parent.c[element.column.name]) for element in key.elements]
    exists = select(1).select_from(parent).where(*(column == other for column, other in pairs)).exists()
    return and_(*(column.is_not(None) for column, _ in pairs), ~exists)


def _of_none(count: int, table: str, parent: str) -> str:
    return f"{count} rows of {table} refer to rows of {parent} that do not exist"


def _indexes(connection: Connection) -> Iterator[str]:
    """Check the B-tree indexes of PostgreSQL, where the extension amcheck is installed and may be used."""
    if not connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")):
        return
    indexes = text(
        "SELECT c.oid, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
    )
    for oid, name in connection.execute(indexes).all():
        try:
            connection.execute(text("SELECT bt_index_check(CAST(:oid AS oid))"), {"oid": oid})
        except DBAPIError as exc:
            yield f"index {name}: {str(exc.orig).strip()}"
