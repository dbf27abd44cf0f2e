"""The order of results: `--sort -taken,name`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from dam.core.errors import QueryError
from dam.services.components.ecs import unique_key
from dam.services.query.columns import TEXTS, Columns, is_indexed
from dam.services.query.fields import ENTITY, Field, Type, find, names, nearest

NEWEST_FIRST = "-id"


@dataclass(frozen=True)
class SortKey:
    """Fields to sort by, the first that an asset has; what has none comes last, whatever the direction."""

    fields: tuple[Field, ...]
    descending: bool

    @property
    def is_quick(self) -> bool:
        """Whether an index has the order, and each asset at most once."""
        return len(self.fields) == 1 and self._is_single(self.fields[0]) and is_indexed(self.fields[0])

    @staticmethod
    def _is_single(field: Field) -> bool:
        return field.component != ENTITY and unique_key(field.model) == ("entity_id",)

    def ends(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return an expression in the direction of the key."""
        return column.desc() if self.descending else column.asc()

    def order(self, entity: ColumnElement[int], columns: Columns) -> list[ColumnElement[Any]]:
        """Return what to sort by: of several values the lowest, or the highest where that comes first."""
        values = [self._value(each, entity, columns) for each in self.fields]
        value = func.coalesce(*values) if len(values) > 1 else values[0]
        return [value.is_(None), self.ends(value)]

    def _value(self, field: Field, entity: ColumnElement[int], columns: Columns) -> Any:
        table: Any = field.column.table.alias()
        column = table.c[field.column.name]
        if field.type in TEXTS:
            column = columns.by_code_point(column)
        own = table.c.id if field.component == ENTITY else table.c.entity_id
        chosen = column if self._is_single(field) or field.component == ENTITY else self._end(column)
        return select(chosen).where(own == entity).correlate_except(table).scalar_subquery()

    def _end(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.max(column) if self.descending else func.min(column)


def read_sort(text: str) -> list[SortKey]:
    """Return the keys of a list such as `-taken,name`.

    Raises:
        QueryError: there is no such field, or it has no order.

    """
    keys, column = [], 0
    for part in text.split(",") if text else ():
        name = part.strip().lower().removeprefix("-")
        found = find(name)
        if not found or not found[0]:
            raise QueryError(f"there is no field {name!r} to sort by{nearest(name, names())}", text, column)
        if any(field.type in (Type.BYTES, Type.JSON) for field in found[0]):
            raise QueryError(f"{name} has no order", text, column)
        fields = found[0] if found[1] else found[0][:1]
        keys.append(SortKey(fields, part.strip().startswith("-")))
        column += len(part) + 1
    return keys
