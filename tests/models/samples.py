"""A component of any kind, with values made from its columns: a new kind needs nothing here.

What refers to another entity than its own gets a new one, with a higher id.
"""

from dataclasses import fields
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, inspect

from dam.models.base_component import BaseComponent
from dam.models.entity import Entity
from dam.models.types import HexDigest, JsonText, PerceptualHash, UtcDateTime
from dam.services.components.ecs import own_columns

C = TypeVar("C", bound=BaseComponent)
high_ids = count(1_000_000)


def sample_component(kind: type[C], number: int = 1, **more: Any) -> C:
    """Build a component; two with the same `number` have the same values."""
    columns = inspect(kind).columns
    made_by_itself = {field.name for field in fields(kind) if not field.init}
    own = {name: columns[name] for name in own_columns(kind) if name not in {*more, *made_by_itself}}
    others: dict[str, Any] = {
        name.removesuffix("_id"): _other_entity() for name, column in own.items() if column.foreign_keys
    }
    values = {name: _value(column, number) for name, column in own.items() if not column.foreign_keys}
    return kind(**others, **values, **more)


def _other_entity() -> Entity:
    entity = Entity()
    entity.id = next(high_ids)
    return entity


def _value(column: Column[Any], number: int) -> Any:  # noqa: PLR0911  one for each type
    match column.type:
        case PerceptualHash():
            return f"{number:016x}"
        case HexDigest():
            return f"{number:032x}"
        case JsonText():
            return [f"text {number}"]
        case UtcDateTime():
            return datetime(2026, 1, number, tzinfo=UTC)
        case LargeBinary():
            return b"\xff\0" + bytes([number])
        case Boolean():
            return number % 2 == 1
        case Integer():
            return number
        case Float():
            return number / 2
        case String():
            return f"text {number}"
    raise NotImplementedError(f"say here what a {column.type!r} may hold")
