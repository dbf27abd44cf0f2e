"""A component of any kind, with values made from its columns: a new kind needs nothing here."""

from typing import Any, TypeVar

from sqlalchemy import Column, Integer, LargeBinary, String, inspect

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest, PerceptualHash
from dam.services.ecs import _own_columns

C = TypeVar("C", bound=BaseComponent)


def sample_component(kind: type[C], number: int = 1, **more: Any) -> C:
    """Build a component; two with the same `number` have the same values."""
    columns = inspect(kind).columns
    return kind(**{name: _value(columns[name], number) for name in _own_columns(kind)}, **more)


def _value(column: Column[Any], number: int) -> Any:
    match column.type:
        case PerceptualHash():
            return f"{number:016x}"
        case HexDigest():
            return f"{number:032x}"
        case LargeBinary():
            return b"\xff\0" + bytes([number])
        case Integer():
            return number
        case String():
            return f"text {number}"
    raise NotImplementedError(f"say here what a {column.type!r} may hold")
