"""A checksum of the rows that systems have derived for an asset, which its system record keeps.

No second copy of these rows exists, and a database does not see a bit that flips in a value. The checksum is made of
the rows as they are read back, in the transaction that writes them; so both ways see the same values.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from typing import Any
from zlib import crc32

from sqlalchemy import Boolean, Connection, Dialect, bindparam, delete, text
from sqlalchemy.orm import Session

from dam.core.database import fetched
from dam.models.base_class import Base
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.types import UtcDateTime
from dam.services.components import ecs
from dam.systems.system import tables_by_system

UNCHECKED = frozenset({"id", "created_at", "updated_at"})
"""Columns that say nothing of the content."""
BITS = 0xFFFFFFFF


@cache
def derived_tables() -> tuple[type[Base], ...]:
    """Return the tables of the rows that systems derive."""
    tables: set[type[Base]] = {table for tables in tables_by_system().values() for table in tables}
    return (SystemFailureComponent, *sorted(tables, key=lambda table: table.__tablename__))


def checksums(
    session: Session, sets: Mapping[int, str], tables: Collection[type[Base]] | None = None
) -> dict[int, int]:
    """Return the checksum of each entity's derived rows, with the text of its set of systems.

    `tables` are those in which they have rows, by default any.
    """
    sums = {entity_id: crc32(f"{entity_id} {systems}".encode()) for entity_id, systems in sets.items()}
    for table in derived_tables():
        if tables is None or table in tables:
            _add(session, table, sums)
    return sums


def _add(session: Session, table: type[Base], sums: dict[int, int]) -> None:
    """Add the checksums of the rows of a table: a sum, since they come in any order."""
    rows_of = _rows_of(table, session.get_bind().dialect)
    start = crc32(table.__tablename__.encode())
    for some in ecs.batched(sums):
        for row in fetched(partial(rows_of, session.connection(), some)):
            sums[row[0]] = sums[row[0]] + crc32(repr(row).encode("utf-8", "surrogatepass"), start) & BITS


@cache
def _rows_of(table: type[Base], dialect: Dialect) -> Callable[[Connection, list[int]], list[tuple[Any, ...]]]:
    """Return a function that reads the rows of some entities, beginning with their ids.

    Types that a database keeps in its own way, times and booleans, are converted. Of others it returns what the driver
    does: an ingest may not notice what this costs.
    """
    columns = [column for column in ecs.table_of(table).c if column.name not in UNCHECKED]
    columns.sort(key=lambda column: (column.name != "entity_id", column.name))
    names = ", ".join(dialect.identifier_preparer.quote(column.name) for column in columns)
    statement = text(f"SELECT {names} FROM {table.__tablename__} WHERE entity_id IN :ids")  # noqa: S608  our own names
    statement = statement.bindparams(bindparam("ids", expanding=True))
    made = {
        place: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for place, column in enumerate(columns)
        if isinstance(column.type, Boolean | UtcDateTime)
    }
    converters = [(place, convert) for place, convert in made.items() if convert]

    def rows_of(connection: Connection, ids: list[int]) -> list[tuple[Any, ...]]:
        found = map(tuple, connection.execute(statement, {"ids": ids}).all())
        return [_converted(row, converters) for row in found] if converters else list(found)

    return rows_of


def _converted(row: tuple[Any, ...], converters: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place])
    return tuple(values)


def delete_derived(session: Session, entity_ids: Collection[int]) -> None:
    """Delete all derived rows of some entities."""
    for table in derived_tables():
        column = ecs.table_of(table).c.entity_id
        session.execute(delete(ecs.table_of(table)).where(column.in_(entity_ids)))
