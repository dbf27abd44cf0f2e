"""Read the journal: operations, newest first, and the changes of one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError
from dam.models.operation import Operation, OperationChange
from dam.services.catalogue.lookup import find_one_asset
from dam.services.library import Library

PAGE = 200
FINAL_KINDS = frozenset({"purge"})
"""Kinds of operations that cannot be undone: the content is gone."""


@dataclass(frozen=True)
class LoggedOperation:
    """An operation: who, when, the command, and how much it changed."""

    operation_id: int
    kind: str
    created_at: datetime
    user: str
    command: str
    changes: int
    """Number of rows that it changed."""
    assets: int
    """Number of assets that it changed."""
    undoes: int | None
    """The operation that it takes back."""
    undone_by: int | None
    """The operation that has taken it back, and is itself in effect."""


@dataclass(frozen=True)
class LoggedChange:
    """A row that an operation inserted (`before` is None), deleted (`after` is None) or updated."""

    operation_id: int
    entity_id: int | None
    table: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class LogFilter:
    """Which operations to return."""

    entity_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Operations before this time."""
    kind: str | None = None


EVERYTHING = LogFilter()


def log(library: Library, wanted: LogFilter = EVERYTHING, limit: int | None = None) -> Iterator[LoggedOperation]:
    """Yield operations, newest first, at most `limit`; read a page at a time."""
    left, before = limit, None
    while left is None or left > 0:
        with library.read() as session:
            page = _page(session, wanted, before, PAGE if left is None else min(PAGE, left))
        yield from page
        if not page:
            return
        before = page[-1].operation_id
        left = None if left is None else left - len(page)


def _page(session: Session, wanted: LogFilter, before: int | None, count: int) -> list[LoggedOperation]:
    statement = _filtered(wanted).order_by(Operation.id.desc()).limit(count)
    if before is not None:
        statement = statement.where(Operation.id < before)
    return described(session, session.scalars(statement))


def _filtered(wanted: LogFilter) -> Select[Operation]:
    statement, change = select(Operation), OperationChange
    if wanted.entity_id is not None:
        about = or_(change.entity_id == wanted.entity_id, change.other_entity_id == wanted.entity_id)
        statement = statement.where(Operation.id.in_(select(change.operation_id).where(about)))
    if wanted.since is not None:
        statement = statement.where(Operation.created_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(Operation.created_at < wanted.until)
    return statement if wanted.kind is None else statement.where(Operation.kind == wanted.kind)


def described(session: Session, operations: Iterable[Operation]) -> list[LoggedOperation]:
    """Return operations with the numbers of their changes."""
    listed = list(operations)
    change = OperationChange
    counts = {
        operation_id: (changes, assets)
        for operation_id, changes, assets in session.execute(
            select(change.operation_id, func.count(), func.count(change.entity_id.distinct()))
            .where(change.operation_id.in_([operation.id for operation in listed]))
            .group_by(change.operation_id)
        )
    }
    undone = undone_operations(session)
    return [
        LoggedOperation(
            each.id,
            each.kind,
            each.created_at,
            each.user_name,
            each.command,
            *counts.get(each.id, (0, 0)),
            each.undoes_id,
            undone.get(each.id),
        )
        for each in listed
    ]


def undone_operations(session: Session) -> dict[int, int]:
    """Return the operations that have been undone, each with the operation that did it and is in effect."""
    table, undone = Operation, dict[int, int]()
    rows = select(table.id, table.undoes_id).where(table.undoes_id.is_not(None)).order_by(table.id.desc())
    for operation_id, undoes in session.execute(rows):
        if undoes is not None and operation_id not in undone:  # an undo that has been undone itself counts no more
            undone.setdefault(undoes, operation_id)
    return undone


def find_operation(session: Session, operation_id: int) -> LoggedOperation:
    """Return an operation.

    Raises:
        NotFoundError: there is none with this id.

    """
    found = session.get(Operation, operation_id)
    if found is None:
        raise NotFoundError(f"the journal has no operation {operation_id}")
    return described(session, [found])[0]


def find_logged(library: Library, operation_id: int) -> LoggedOperation:
    """Return an operation; raises as `find_operation` does."""
    with library.read() as session:
        return find_operation(session, operation_id)


def operation_entity(library: Library, reference: str) -> int:
    """Return the entity that a reference means, for a filter; an id may be that of an asset that is gone.

    Raises:
        NotFoundError: the library has no such asset.
        UsageError: several could be meant.

    """
    if reference.isascii() and reference.isdecimal() and len(reference) < len(str(2**63)):
        return int(reference)
    with library.read() as session:
        return find_one_asset(session, reference, with_trash=True)


def changes_of(library: Library, operation_id: int) -> Iterator[LoggedChange]:
    """Yield the changes of an operation in their order; read a page at a time."""
    change, last = OperationChange, 0
    while True:
        with library.read() as session:
            page = session.scalars(
                select(change)
                .where(change.operation_id == operation_id, change.id > last)
                .order_by(change.id)
                .limit(PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        for row in page:
            yield LoggedChange(row.operation_id, row.entity_id, row.table_name, row.before, row.after)
