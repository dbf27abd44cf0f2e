"""Rows of tables as JSON, and back: times in ISO 8601, bytes as hexadecimal digits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, Table

from dam.models.types import UtcDateTime


def to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row by column, in values that JSON has."""
    return {name: _plain(value) for name, value in row.items()}


def from_json(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a table that `to_json` has written; columns that the table no longer has are left out."""
    return {name: _value(table.c[name], value) for name, value in row.items() if name in table.c}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _value(column: Column[Any], value: Any) -> Any:
    if isinstance(value, str) and isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    return value
