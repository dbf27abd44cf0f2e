"""Values of rows that any database holds: one that it refuses would stop the run with its whole batch."""

import math
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer

from dam.core.errors import DecodeError
from dam.services.components.ecs import table_of, values_of
from dam.services.sources.source_paths import storable
from dam.systems.system import Row, RowTable


def storable_values(table: RowTable, row: Row) -> dict[str, Any]:
    """Return the values of a row, with texts that any database accepts.

    Raises:
        DecodeError: a number or time is out of the range of its column, as in a damaged or hostile file.

    """
    if isinstance(row, dict):  # of an index: a file has thousands, and their values are derived, not read
        return row
    values = values_of(row)
    limits = _limits(table)
    for name, value in values.items():
        if isinstance(value, str):
            if not value.isascii() or "\0" in value:
                values[name] = storable(value)
        elif not _is_in_range(value, limits.get(name, 0)):
            raise DecodeError(f"its {name.replace('_', ' ')} is out of range: {value}")
    return values


def _is_in_range(value: Any, limit: int) -> bool:
    if limit and isinstance(value, int):
        return -limit <= value < limit
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, datetime):
        try:
            value.astimezone(UTC)
        except (OverflowError, ValueError):
            return False
    return True


@cache
def _limits(table: RowTable) -> dict[str, int]:
    """Return the limit of each column of integers: the numbers from minus the limit to below it fit."""
    return {
        name: 2**63 if isinstance(column.type, BigInteger) else 2**31
        for name, column in table_of(table).columns.items()
        if isinstance(column.type, Integer)
    }
