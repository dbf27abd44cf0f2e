"""Full text: an index for each component that declares searched columns, kept in step by the database itself.

SQLite has an FTS5 table for each such component, without a copy of the text, and triggers. PostgreSQL has a GIN index
on an expression. Both are made from the declarations on the models: a new component that has one needs no further code.
They can be dropped and made again at any time.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, column, func, inspect, literal_column, table, text
from sqlalchemy.orm import Session

from dam.core.errors import OutdatedSchemaError
from dam.core.schema import SETUP_HINT
from dam.models import component_classes
from dam.models.base_component import BaseComponent

PREFIX = "search_"
"""What the names of the indexes begin with."""
MAX_WORDS_LENGTH = 250_000
"""How much of a text PostgreSQL indexes where the words of all of it take more than a megabyte."""

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")

# The same words as `words`: accents are dropped, and letters lowered; what is neither letter nor digit is a space.
_FOLD = r"""
CREATE OR REPLACE FUNCTION dam_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT regexp_replace(regexp_replace(lower(regexp_replace(normalize(coalesce(value, ''), NFKD),
    '[\u0300-\u036f]', '', 'g')),
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf]', ' ', 'g'),
    '[\u2010-\u206f\u3000-\u3004\u3008-\u3020]', ' ', 'g')
$$"""
_INDEXED = """
CREATE OR REPLACE FUNCTION dam_words(value text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF length(value) <= {length} THEN
    RETURN to_tsvector('simple'::regconfig, {schema}.dam_fold(value));
  END IF;
  BEGIN
    RETURN to_tsvector('simple'::regconfig, {schema}.dam_fold(value));
  EXCEPTION WHEN program_limit_exceeded THEN
    RETURN to_tsvector('simple'::regconfig, {schema}.dam_fold(left(value, {length})));
  END;
END $$"""


def searched() -> dict[str, type[BaseComponent]]:
    """Return the components with searched columns, by the name of their index."""
    return {f"{PREFIX}{kind.component_name()}": kind for kind in component_classes() if kind.SEARCHED}


def words(value: str) -> list[str]:
    """Return the words of a text as they are indexed: without accents, in lower case."""
    plain = value if value.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", value))
    return _WORD.findall(plain.lower())


# ---- the indexes


def make_indexes(connection: Connection) -> list[str]:
    """Make the indexes that are declared and missing, and remove those that are no longer declared; return the new."""
    there, wanted = _there(connection), _wanted()
    maker = _make_in_sqlite if connection.dialect.name == "sqlite" else _make_in_postgresql
    for name in sorted(there.keys() | wanted.keys()):  # also of one that is not there: it may have left its triggers
        if there.get(name) != wanted.get(name):
            _drop(connection, name)
    new = [name for name in wanted if there.get(name) != wanted[name]]
    if new and connection.dialect.name != "sqlite":
        schema = connection.scalar(
            text("SELECT quote_ident(current_schema())")
        )  # indexes are made without a search path
        for function in (_FOLD, _INDEXED.format(length=MAX_WORDS_LENGTH, schema=schema)):
            connection.exec_driver_sql(function)
    for name in new:
        maker(connection, name, searched()[name])
    return new


def rebuild(connection: Connection) -> None:
    """Drop all indexes, and make them again from the rows."""
    for name in _there(connection).keys() | searched().keys():
        _drop(connection, name)
    make_indexes(connection)


def missing(connection: Connection) -> list[str]:
    """Return the indexes that are declared and not there, or that have lost a trigger or have other columns."""
    there = _there(connection)
    return [name for name, columns in _wanted().items() if there.get(name) != columns]


def _wanted() -> dict[str, str]:
    """Return the columns that each index has, in the order of the declaration."""
    return {name: ",".join(kind.SEARCHED) for name, kind in searched().items()}


def _there(connection: Connection) -> dict[str, str]:
    """Return the indexes that the database has, with their columns."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT name, CASE WHEN 3 = (SELECT count(*) FROM sqlite_master t WHERE t.type = 'trigger' AND t.name IN "
            "(m.name || '_insert', m.name || '_delete', m.name || '_update')) THEN sql ELSE '' END "
            "FROM sqlite_master m WHERE m.type = 'table' AND m.sql LIKE 'CREATE VIRTUAL TABLE search_%'"
        )  # an index that has lost a trigger, as when a migration makes the table anew, is made again
        return {
            name: sql.partition("(")[2].partition(" content=")[0].rstrip(",").replace(" ", "") for name, sql in rows
        }
    rows = connection.exec_driver_sql(
        "SELECT c.relname, obj_description(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'i' AND starts_with(c.relname, 'search_') AND n.nspname = current_schema()"
    )
    return {name: columns or "" for name, columns in rows}


def _drop(connection: Connection, name: str) -> None:
    if connection.dialect.name == "sqlite":
        for event in ("insert", "delete", "update"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}_{event}")
    kind = "TABLE" if connection.dialect.name == "sqlite" else "INDEX"
    connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name}")


def _make_in_sqlite(connection: Connection, name: str, kind: type[BaseComponent]) -> None:
    """Make an FTS5 table on the rows of a component, and what keeps it in step."""
    owner, columns = kind.__tablename__, ", ".join(kind.SEARCHED)
    old, new = (", ".join(f"{row}.{each}" for each in kind.SEARCHED) for row in ("old", "new"))
    remove = f"INSERT INTO {name} ({name}, rowid, {columns}) VALUES ('delete', old.id, {old});"  # noqa: S608  our names
    add = f"INSERT INTO {name} (rowid, {columns}) VALUES (new.id, {new});"  # noqa: S608
    tokens = "columnsize=0, tokenize='unicode61 remove_diacritics 2'"  # lengths are only for a ranking
    differs = " OR ".join(f"old.{each} IS NOT new.{each}" for each in ("id", *kind.SEARCHED))
    for statement in (
        f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='{owner}', content_rowid='id', {tokens})",
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {owner} BEGIN {add} END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {owner} BEGIN {remove} END",
        f"CREATE TRIGGER {name}_update AFTER UPDATE ON {owner} WHEN {differs} BEGIN {remove} {add} END",
        f"INSERT INTO {name} ({name}) VALUES ('rebuild')",  # noqa: S608
    ):
        connection.exec_driver_sql(statement)


def _make_in_postgresql(connection: Connection, name: str, kind: type[BaseComponent]) -> None:
    """Make an index on the words of the rows of a component."""
    connection.exec_driver_sql(f"CREATE INDEX {name} ON {kind.__tablename__} USING gin ({_expression(kind)})")
    connection.exec_driver_sql(f"COMMENT ON INDEX {name} IS '{','.join(kind.SEARCHED)}'")


def _expression(kind: type[BaseComponent], owner: str = "") -> str:
    """Return the words of a row; those of two columns are never neighbours."""
    texts = (f"coalesce({owner}{each}, '')" for each in kind.SEARCHED)
    return f"dam_words({' || chr(10) || '.join(texts)})"


# ---- the search


def matches(
    session: Session, phrase: str, *, prefix: bool
) -> Iterator[tuple[Any, ColumnElement[int], tuple[ColumnElement[bool], ...]]]:
    """Yield, for each index, the table, its entity column and the condition of the rows that have a phrase.

    Raises:
        OutdatedSchemaError: an index is not there, as where a component came after the last set-up.

    """
    found = words(phrase)
    if not found:
        return
    if lacking := missing(session.connection()):
        raise OutdatedSchemaError(f"the full text lacks {', '.join(lacking)}: {SETUP_HINT}")
    for name, kind in searched().items():
        yield (_in_sqlite if session.get_bind().dialect.name == "sqlite" else _in_postgresql)(name, kind, found, prefix)


def _in_sqlite(name: str, kind: type[BaseComponent], found: list[str], prefix: bool) -> Any:  # noqa: FBT001
    rows: Any = inspect(kind).local_table
    rows = rows.alias()
    index = table(name, column("rowid", Integer), column(name)).alias()
    query = '"' + " ".join(found) + '"' + ("*" if prefix else "")
    return rows.join(index, index.c.rowid == rows.c.id), rows.c.entity_id, (index.c[name].op("MATCH")(query),)


def _in_postgresql(name: str, kind: type[BaseComponent], found: list[str], prefix: bool) -> Any:  # noqa: FBT001
    del name
    rows: Any = inspect(kind).local_table
    rows = rows.alias(f"rows_of_{kind.component_name()}")
    query = " <-> ".join(f"'{word}'" for word in found) + (":*" if prefix else "")
    vector: ColumnElement[Any] = literal_column(_expression(kind, f"{rows.name}."))
    return rows, rows.c.entity_id, (vector.op("@@")(func.to_tsquery(text("'simple'"), query)),)
