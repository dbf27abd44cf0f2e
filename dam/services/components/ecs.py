"""Read and write entities and components of any kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import chain, groupby, islice
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

MAX_VARIABLES = 500
"""Maximum number of values in one statement, far below the limit of any database."""

_COMMON = frozenset({"id", "entity_id", "created_at", "updated_at"})


def add_entities(session: Session, count: int, created_at: datetime | None = None) -> list[int]:
    """Add `count` entities and return their ids. `created_at` is by default the current time."""
    if not count:
        return []
    table = table_of(Entity)
    rows = [{"created_at": created_at or datetime.now(UTC)}] * count
    return sorted(session.scalars(insert(table).returning(table.c.id), rows))


def delete_entity(session: Session, entity_id: int) -> None:
    """Delete an entity and, by cascade, its components."""
    session.execute(delete(Entity).where(Entity.id == entity_id))


def get_component(session: Session, entity_id: int, kind: type[C]) -> C | None:
    """Return the component of a kind that an entity has at most once; None if there is none."""
    return session.scalars(select(kind).where(kind.entity_id == entity_id)).one_or_none()


def get_components(session: Session, entity_id: int, kind: type[C]) -> Sequence[C]:
    """Return the components of one kind of an entity, oldest first."""
    return session.scalars(select(kind).where(kind.entity_id == entity_id).order_by(kind.id)).all()


def all_components(session: Session, entity_id: int) -> list[BaseComponent]:
    """Return all components of an entity, by kind and age."""
    return [component for kind in component_classes() for component in get_components(session, entity_id, kind)]


def get_or_add_component(session: Session, component: C) -> tuple[C, bool]:
    """Return the component with the same unique key, or add this one; also return whether it was added.

    `component` needs an `entity_id`. The result is another object, loaded from the database.
    """
    kind = type(component)
    session.flush()
    statement = insert_into(session.get_bind().dialect, kind).on_conflict_do_nothing(index_elements=unique_key(kind))
    row = {"entity_id": component.entity_id} | values_of(component)
    # No savepoint: on a full disk, SQLite may drop the savepoint with the whole transaction
    is_new = session.scalar(statement.returning(kind.id), row) is not None
    key = {name: getattr(component, name) for name in unique_key(kind)}
    return session.scalars(select(kind).filter_by(**key)).one(), is_new


def entities_with(*having: type[BaseComponent], without: Iterable[type[BaseComponent]] = ()) -> Select[int]:
    """Select the ids of the entities that have all components `having` and none of `without`, ascending."""
    return (
        select(Entity.id)
        .where(*(exists().where(kind.entity_id == Entity.id) for kind in having))
        .where(*(~exists().where(kind.entity_id == Entity.id) for kind in without))
        .order_by(Entity.id)
    )


def put_rows(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows in bulk; update existing rows with the same unique key."""
    dialect = session.get_bind().dialect
    for columns, alike in groupby(rows, key=_columns):
        upsert = _upsert(table, columns, dialect)
        if not (upsert.is_positional and hasattr(table, "SEARCHED") and table.SEARCHED):
            session.connection().exec_driver_sql(upsert.statement, upsert.parameters(alike))
            continue
        # FTS5 writes its words to the disk before each statement: a statement for each row would take ten times as long
        for some in batched(upsert.parameters(alike), MAX_VARIABLES // len(columns)):
            session.connection().exec_driver_sql(upsert.of_rows(len(some)), tuple(chain.from_iterable(some)))


@dataclass(frozen=True)
class _Upsert:
    """A compiled upsert for the driver. The ORM takes several times as long per row."""

    statement: str
    is_positional: bool
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    """Column names in the order of the parameters, each with the function that converts its values for the driver."""

    def of_rows(self, count: int) -> str:
        """Return the statement for several rows at once, whose parameters are those of all rows."""
        row = f"({', '.join('?' * len(self.columns))})"
        return self.statement.replace(f" VALUES {row} ", f" VALUES {', '.join([row] * count)} ", 1)

    def parameters(self, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Return rows in the form that the driver takes."""
        if self.is_positional:
            return [tuple([make(row[name]) if make else row[name] for name, make in self.columns]) for row in rows]
        return [{name: make(row[name]) if make else row[name] for name, make in self.columns} for row in rows]


@lru_cache(maxsize=256)
def _upsert(table: type[Base], columns: tuple[str, ...], dialect: Dialect) -> _Upsert:
    key = unique_key(table)
    described = table_of(table)
    statement = insert_into(dialect, table).values({name: bindparam(name) for name in columns})
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


def insert_into(dialect: Dialect, table: type[Base]) -> Any:
    """Return the dialect's INSERT into a table, which supports ON CONFLICT."""
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415  takes 20 ms, and reading commands do not need it

    return (sqlite if dialect.name == "sqlite" else postgresql).insert(table_of(table))


def _columns(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row)


@cache
def unique_key(table: type[Base]) -> tuple[str, ...]:
    """Return the columns of the unique constraint that begins with the entity.

    If there is none, return those of the only unique constraint, or else of the primary key.
    """
    described = table_of(table)
    keys = [tuple(key.columns.keys()) for key in described.constraints if isinstance(key, UniqueConstraint)]
    of_entity = [key for key in keys if key[0] == "entity_id"]
    return min(of_entity or keys, default=tuple(described.primary_key.columns.keys()))


def table_of(model: type[Base]) -> Table:
    """Return the table of a model."""
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101  no model maps a join
    return table


def values_of(row: Base) -> dict[str, Any]:
    """Return the values of a component or index row by column, without ids and times."""
    return {name: getattr(row, name) for name in own_columns(type(row))}


def shown_values(component: BaseComponent) -> dict[str, Any]:
    """Return the values of a component by column, without ids, times, and what it makes of its other columns."""
    made = {field.name for field in fields(component) if not field.init}
    return {name: value for name, value in values_of(component).items() if name not in made}


@cache
def own_columns(kind: type[Base]) -> list[str]:
    """Return the names of a component's own columns: without ids and times."""
    return [name for name in inspect(kind).columns.keys() if name not in _COMMON]  # noqa: SIM118  no mapping


def batched(values: Iterable[T], size: int = MAX_VARIABLES) -> Iterator[list[T]]:
    """Yield the values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
