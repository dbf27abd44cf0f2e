"""Rows as JSON: exact for every type of column, and the same from any database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Table

from dam.models.types import HexDigest, UtcDateTime


def to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for JSON: bytes as hexadecimal digits, times in ISO 8601."""
    return {name: _plain(value) for name, value in row.items()}


def from_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the table's column types take it; columns that the table does not have are left out.

    Raises:
        ValueError, TypeError: a value does not fit its column.

    """
    return {name: _typed(table, name, value) for name, value in row.items() if name in table.c}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if value is None or isinstance(kind, HexDigest):
        return value
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    if isinstance(kind, UtcDateTime | DateTime):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value
