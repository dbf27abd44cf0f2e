"""The values of a column that has few, such as the models of cameras: a glob is compared with these alone."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from dam.services.query.columns import Columns

MAX_VALUES = 200
"""Of a column with more different values, all rows are compared."""


def values_like(session: Session, columns: Columns, column: ColumnElement[Any], pattern: str) -> list[str] | None:
    """Return the values of an indexed column that match a glob; None where it has many values.

    Each step of the recursion looks the next value up in the index.
    """
    first: Any = select(func.min(column).label("value")).cte("few_values", recursive=True)
    following = select(func.min(column)).where(column > first.c.value).correlate(first).scalar_subquery()
    every = first.union_all(select(following).where(first.c.value.is_not(None)))
    values: Select[tuple[str]] = select(every.c.value).where(every.c.value.is_not(None))
    if len(session.scalars(values.limit(MAX_VALUES + 1)).all()) > MAX_VALUES:
        return None
    return list(session.scalars(values.where(columns.like(every.c.value, pattern))))
