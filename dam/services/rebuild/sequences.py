"""The next ids of tables: rows that are written with their ids do not move PostgreSQL's sequences."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, select, text


def raise_sequences(connection: Connection, tables: Iterable[Table], at_least: Mapping[str, int] | None = None) -> None:
    """Let the next id of each table be higher than all that it has, and than the one in `at_least`."""
    for table in tables:
        if not _has_own_ids(table):
            continue
        highest = max(connection.scalar(select(func.max(table.c.id))) or 0, (at_least or {}).get(table.name, 0))
        if highest and connection.dialect.name == "postgresql":
            statement = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :highest)")
            connection.execute(statement, {"table": table.name, "highest": highest})
        elif highest and table.dialect_options["sqlite"]["autoincrement"]:
            _raise_in_sqlite(connection, table.name, highest)


def next_ids(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Return the last id that each table has given, also to rows that were deleted."""
    found: dict[str, int] = {}
    for table in tables:
        if connection.dialect.name == "postgresql" and _has_own_ids(table):
            sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
            if sequence:
                last: Any = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608  the database's own name
                found[table.name] = last.last_value if last.is_called else 0
        elif connection.dialect.name == "sqlite" and table.dialect_options["sqlite"]["autoincrement"]:
            given = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
            found[table.name] = connection.scalar(given, {"table": table.name}) or 0
    return {name: number for name, number in found.items() if number}


def _raise_in_sqlite(connection: Connection, table: str, highest: int) -> None:
    values = {"table": table, "highest": highest}
    raised = connection.execute(text("UPDATE sqlite_sequence SET seq = max(seq, :highest) WHERE name = :table"), values)
    if not raised.rowcount:
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)"), values)


def _has_own_ids(table: Table) -> bool:
    column = table.c.get("id")
    if column is None or not isinstance(column.type, Integer):
        return False
    return column.primary_key and column.autoincrement is not False
