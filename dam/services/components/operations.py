"""Change rows as one operation of the journal: each change is recorded in the transaction that makes it.

What a user says (tags, verdicts), removes or takes back is changed through a `Recorder` and in no other way. Undo needs
nothing else: it reverses the rows of any table by what was recorded of them; see `dam.services.journal.undo`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from dam.core import invocation
from dam.models.base_class import Base
from dam.models.operation import Operation, OperationChange
from dam.services.components import ecs
from dam.services.components.row_json import to_json
from dam.services.manifest.lines import body
from dam.services.manifest.outbox import record

Row: TypeAlias = dict[str, Any]

KEYS_AT_ONCE = 150
"""Number of keys in one statement; a key has up to three columns."""


@dataclass(frozen=True)
class Change:
    """A row that was inserted (`before` is None), deleted (`after` is None) or updated; all columns."""

    table: Table
    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The row after the change, or the one that was deleted."""
        row = self.before if self.after is None else self.after
        assert row is not None  # noqa: S101  a change has one or both
        return row


class Recorder:
    """Changes rows in a session as one operation, and records each change.

    The operation is written together with its first change, so one that changes nothing is not in the journal. With
    `operation_id`, the changes are added to an operation that an earlier transaction of the same command has written.
    """

    def __init__(
        self, session: Session, kind: str, *, operation_id: int | None = None, undoes_id: int | None = None
    ) -> None:
        self.session = session
        self.kind = kind
        self.operation_id = operation_id
        """The operation; None as long as nothing has changed."""
        self._undoes_id = undoes_id

    def begin(self) -> int:
        """Write the operation unless that has been done, and return its id."""
        if self.operation_id is None:
            row = {
                "kind": self.kind,
                "user_name": invocation.user_name(),
                "command": invocation.command_line(),
                "undoes_id": self._undoes_id,
                "created_at": datetime.now(UTC),
            }
            table = ecs.table_of(Operation)
            self.operation_id = self.session.scalars(insert(table).returning(table.c.id), [row]).one()
            record(self.session, body({"put": table.name, "row": {"id": self.operation_id} | row}))
        return self.operation_id

    def insert(self, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Insert rows, but for those whose unique key is there already; return the inserted ones with all columns."""
        wanted, table = list(rows), ecs.table_of(model)
        if not wanted:
            return []
        statement = ecs.insert_into(self.session.get_bind().dialect, model)
        statement = statement.on_conflict_do_nothing(index_elements=ecs.unique_key(model)).returning(*table.c)
        added = [dict(row) for row in self.session.execute(statement, wanted).mappings()]
        self.record([Change(table, None, row) for row in added])
        return added

    def delete(self, model: type[Base], *where: ColumnElement[bool]) -> list[Row]:
        """Delete the rows that meet all conditions; return them."""
        table = ecs.table_of(model)
        statement = delete(table).where(*where).returning(*table.c)
        deleted = [dict(row) for row in self.session.execute(statement).mappings()]
        self.record([Change(table, row, None) for row in deleted])
        return deleted

    def delete_keys(self, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Delete the rows with the unique keys of some rows; return them."""
        return [row for where in _with_keys(model, rows) for row in self.delete(model, where)]

    def put(self, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> list[Change]:
        """Insert rows, or update those with the same unique keys; return what has changed.

        All rows have the same columns.
        """
        wanted, key_of, table = list(rows), key_function(model), ecs.table_of(model)
        added = self.insert(model, wanted)
        done = {key_of(row) for row in added}
        rest = [row for row in wanted if key_of(row) not in done]
        before = {key_of(row): row for row in self.find(model, rest)}
        there = [(before[key_of(row)], row) for row in rest if key_of(row) in before]
        updates = [
            Change(table, old, old | dict(row) | _touched(table))
            for old, row in there
            if any(old[name] != value for name, value in row.items())
        ]
        self._update(model, [change.row for change in updates])
        self.record(updates)
        return [*(Change(table, None, row) for row in added), *updates]

    def find(self, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Return the rows with the unique keys of some rows, and lock them until the transaction ends."""
        return find_rows(self.session, model, rows, lock=True)

    def _update(self, model: type[Base], rows: Sequence[Row]) -> None:
        if not rows:
            return
        table, key = ecs.table_of(model), ecs.unique_key(model)
        fixed = {*key, *(column.name for column in table.primary_key)}
        statement = (
            update(table)
            .where(*(table.c[name] == bindparam(f"_{name}", type_=table.c[name].type) for name in key))
            .values({name: bindparam(name) for name in rows[0] if name not in fixed})
        )
        parameters = [
            {f"_{name}": row[name] for name in key} | {name: row[name] for name in row if name not in fixed}
            for row in rows
        ]
        self.session.connection().execute(statement, parameters)

    def record(self, changes: Sequence[Change]) -> None:
        """Record changes that have been made. Everything that enters the journal passes here."""
        if not changes:
            return
        rows = [{"operation_id": self.begin()} | _recorded(change) for change in changes]
        table, connection = ecs.table_of(OperationChange), self.session.connection()
        last = connection.scalar(select(func.max(table.c.id))) or 0
        connection.execute(insert(table), rows)
        own = select(table.c.id).where(table.c.id > last, table.c.operation_id == self.operation_id)
        ids = connection.scalars(
            own.order_by(table.c.id)
        )  # in the order of the rows: RETURNING would insert one by one
        record(self.session, *(body({"change": {"id": id_} | row}) for id_, row in zip(ids, rows, strict=True)))


def _recorded(change: Change) -> Row:
    others = _other_entities(change.table)
    return {
        "entity_id": change.row.get("id" if change.table.name == "entities" else "entity_id"),
        "other_entity_id": change.row[others[0]] if others else None,
        "table_name": change.table.name,
        "before": change.before and to_json(change.before),
        "after": change.after and to_json(change.after),
    }


@cache
def _other_entities(table: Table) -> tuple[str, ...]:
    """Return the columns that refer to an entity, but for `entity_id`: those of a pair."""
    return tuple(
        column.name
        for column in table.c
        if column.name != "entity_id" and any(key.target_fullname == "entities.id" for key in column.foreign_keys)
    )


def entity_columns(model: type[Base]) -> tuple[str, ...]:
    """Return the columns of a table that refer to an entity."""
    table = ecs.table_of(model)
    return (*(["entity_id"] if "entity_id" in table.c else []), *_other_entities(table))


def entities_of(model: type[Base], row: Mapping[str, Any]) -> list[int]:
    """Return the entities that a row is about."""
    return [row[name] for name in entity_columns(model)]


def find_rows(
    session: Session, model: type[Base], rows: Iterable[Mapping[str, Any]], *, lock: bool = False
) -> list[Row]:
    """Return the rows of a table with the unique keys of some rows."""
    statement = select(ecs.table_of(model))
    if lock:
        statement = statement.with_for_update()
    found = []
    for where in _with_keys(model, rows):
        found += [dict(row) for row in session.execute(statement.where(where)).mappings()]
    return found


def _with_keys(model: type[Base], rows: Iterable[Mapping[str, Any]]) -> Iterable[ColumnElement[bool]]:
    """Yield conditions that the rows with some unique keys meet."""
    table, key_of = ecs.table_of(model), key_function(model)
    key = tuple_(*(table.c[name] for name in ecs.unique_key(model)))
    for some in ecs.batched((key_of(row) for row in rows), KEYS_AT_ONCE):
        yield key.in_(some)


@cache
def key_function(model: type[Base]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return the function that returns the unique key of a row of a table."""
    names = ecs.unique_key(model)
    return lambda row: tuple(row[name] for name in names)


def _touched(table: Table) -> Row:
    return {"updated_at": datetime.now(UTC)} if "updated_at" in table.c else {}
