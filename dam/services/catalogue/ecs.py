"""Generic access to entities and components: everything else reads and writes them through this module."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import groupby, islice
from typing import Any, TypeVar

from sqlalchemy import (
    Dialect,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Session

from dam.models import component_classes
from dam.models.base_class import Base
from dam.models.base_component import BaseComponent
from dam.models.entity import Entity

C = TypeVar("C", bound=BaseComponent)
T = TypeVar("T")

VARIABLES = 500
"""How many values one statement may list: far below any database's limit."""

_COMMON = frozenset({"id", "entity_id", "created_at", "updated_at"})


def add_entities(session: Session, count: int) -> list[int]:
    """Make `count` new entities and return their ids."""
    if not count:
        return []
    table = _table(Entity)
    rows = [{"created_at": datetime.now(UTC)}] * count
    return sorted(session.scalars(insert(table).returning(table.c.id), rows))


def delete_entity(session: Session, entity_id: int) -> None:
    """Delete an entity; the database deletes its components with it."""
    session.execute(delete(Entity).where(Entity.id == entity_id))


def get_component(session: Session, entity_id: int, kind: type[C]) -> C | None:
    """Return the component of a kind of which an entity has at most one."""
    return session.scalars(select(kind).where(kind.entity_id == entity_id)).one_or_none()


def get_components(session: Session, entity_id: int, kind: type[C]) -> Sequence[C]:
    """Return an entity's components of one kind, oldest first."""
    return session.scalars(select(kind).where(kind.entity_id == entity_id).order_by(kind.id)).all()


def all_components(session: Session, entity_id: int) -> list[BaseComponent]:
    """Return all components of an entity, of every kind there is, by kind and age."""
    return [component for kind in component_classes() for component in get_components(session, entity_id, kind)]


def get_or_add_component(session: Session, component: C) -> tuple[C, bool]:
    """Return the component that is there under the same unique key, or add this one; and whether it was added.

    `component` has its `entity_id`, and is not itself added: what is returned is the row in the database.
    """
    kind = type(component)
    session.flush()
    statement = _insert(session.get_bind().dialect, kind).on_conflict_do_nothing(index_elements=unique_key(kind))
    row = {"entity_id": component.entity_id} | values_of(component)
    # No savepoint: on a full disk, SQLite may drop it with the whole transaction, and nobody can go back to it then
    is_new = session.scalar(statement.returning(kind.id), row) is not None
    key = {name: getattr(component, name) for name in unique_key(kind)}
    return session.scalars(select(kind).filter_by(**key)).one(), is_new


def entities_with(*having: type[BaseComponent], without: Iterable[type[BaseComponent]] = ()) -> Select[int]:
    """Select the ids of the entities that have all of some kinds of components and none of others, in order."""
    return (
        select(Entity.id)
        .where(*(exists().where(kind.entity_id == Entity.id) for kind in having))
        .where(*(~exists().where(kind.entity_id == Entity.id) for kind in without))
        .order_by(Entity.id)
    )


def put_rows(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows of columns, or update those that are there under the same unique key; in bulk."""
    dialect = session.get_bind().dialect
    for columns, alike in groupby(rows, key=_columns):
        upsert = _upsert(table, columns, dialect)
        session.connection().exec_driver_sql(upsert.statement, upsert.parameters(alike))


@dataclass(frozen=True)
class _Upsert:
    """An insertion as the driver takes it. The ORM takes several times as long for a row."""

    statement: str
    is_positional: bool
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    """Column names in the order of the statement's parameters, and what makes of a value what the driver takes."""

    def parameters(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Return rows as the driver takes them."""
        if self.is_positional:
            return [tuple([make(row[name]) if make else row[name] for name, make in self.columns]) for row in rows]
        return [{name: make(row[name]) if make else row[name] for name, make in self.columns} for row in rows]


@lru_cache(maxsize=256)
def _upsert(table: type[Base], columns: tuple[str, ...], dialect: Dialect) -> _Upsert:
    key = unique_key(table)
    described = _table(table)
    statement = _insert(dialect, table).values({name: bindparam(name) for name in columns})
    changes: dict[str, Any] = {name: statement.excluded[name] for name in columns if name not in key}
    if not changes:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    else:
        if hasattr(table, "updated_at"):
            changes.setdefault("updated_at", func.now())
        statement = statement.on_conflict_do_update(index_elements=key, set_=changes)
    compiled = statement.compile(dialect=dialect)
    makers = {name: described.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns}
    names = compiled.positiontup if compiled.positional else columns
    return _Upsert(str(compiled), compiled.positional, tuple((name, makers[name]) for name in names))


def _insert(dialect: Dialect, table: type[Base]) -> Any:
    """Return an insertion into a table as a database has it, which can say what to do about conflicts."""
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415  20 ms that reading commands need not pay

    return (sqlite if dialect.name == "sqlite" else postgresql).insert(_table(table))


def _columns(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row)


def unique_key(table: type[Base]) -> tuple[str, ...]:
    """Return the columns under which a row is found: of the unique constraint that begins with the entity.

    Without one, those of the only unique constraint there is, else of the primary key.
    """
    described = _table(table)
    keys = [tuple(key.columns.keys()) for key in described.constraints if isinstance(key, UniqueConstraint)]
    of_entity = [key for key in keys if key[0] == "entity_id"]
    return min(of_entity or keys, default=tuple(described.primary_key.columns.keys()))


def _table(model: type[Base]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101  no model maps a join
    return table


def values_of(row: Base) -> dict[str, Any]:
    """Return what a component, or a row of an index, says of its entity: its own columns, without ids and times."""
    return {name: getattr(row, name) for name in own_columns(type(row))}


@cache
def own_columns(kind: type[Base]) -> list[str]:
    """Return the names of a component's own columns: without ids and times."""
    return [name for name in inspect(kind).columns.keys() if name not in _COMMON]  # noqa: SIM118  no mapping


def batched(values: Iterable[T], size: int = VARIABLES) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
