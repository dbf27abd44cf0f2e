"""Undo: reverse the rows that an operation changed, as an operation that can itself be undone.

An operation can be undone if nothing that counts came after it on the same rows. What was done and taken back again
does not count.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from dam.core.errors import ConflictError, NotFoundError
from dam.models import all_models
from dam.models.base_class import Base
from dam.models.entity import Entity
from dam.models.operation import Operation, OperationChange
from dam.models.trashed_component import TrashedComponent
from dam.models.verdict_component import VerdictComponent
from dam.services.catalogue.pairs import compare_again
from dam.services.components import ecs
from dam.services.components.operations import Recorder, Row, entities_of, find_rows
from dam.services.components.row_json import from_json, to_json
from dam.services.journal.log import FINAL_KINDS, LoggedOperation, find_operation, undone_operations
from dam.services.library import Library

PAGE = 500
"""Number of changes that are reversed together."""
COMPARED = (TrashedComponent, VerdictComponent)
"""Tables whose rows decide what `link-similar` links."""
_UNCOMPARED = ("id", "created_at", "updated_at")


@dataclass(frozen=True)
class Undone:
    """What was undone, or in a dry run would be."""

    undone: LoggedOperation
    operation_id: int | None
    """The operation that did it; None in a dry run."""
    changes: int
    """Number of rows that were changed."""


@dataclass(frozen=True)
class _Net:
    """What an operation did to one row in all."""

    model: type[Base]
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def row(self) -> Row:
        """The row, by its values before or after."""
        row = self.before if self.after is None else self.after
        return from_json(ecs.table_of(self.model), row or {})


def undo(library: Library, operation_id: int | None = None, *, dry_run: bool = False) -> Undone:
    """Undo an operation, by default the newest that has not been undone and is no undo itself.

    Raises:
        NotFoundError: there is no such operation, or nothing to undo.
        ConflictError: it is final, has been undone already, or a later operation has changed the same.

    """

    def work(session: Session) -> Undone:
        chosen = _newest(session) if operation_id is None else operation_id
        done = _undo(session, find_operation(session, chosen))
        if dry_run:
            session.rollback()
            return Undone(done.undone, None, done.changes)
        return done

    return library.write_again(work)


def _newest(session: Session) -> int:
    """Return the newest operation that can be undone by default."""
    undone = undone_operations(session)
    wanted = select(Operation.id).where(Operation.undoes_id.is_(None), Operation.kind.not_in(FINAL_KINDS))
    for operation_id in session.scalars(wanted.order_by(Operation.id.desc()).limit(len(undone) + 1)):
        if operation_id not in undone:
            return operation_id
    raise NotFoundError("there is nothing to undo: see dam-cli log")


def _undo(session: Session, operation: LoggedOperation) -> Undone:
    number = operation.operation_id
    if operation.kind in FINAL_KINDS:
        raise ConflictError(f"operation {number} ({operation.kind}) cannot be undone: the content has been removed")
    if operation.undone_by:
        raise ConflictError(
            f"operation {number} has been undone by operation {operation.undone_by}: undo that one to do it again"
        )
    recorder = Recorder(session, "undo", undoes_id=number)
    undo_id = recorder.begin()
    neutral = _neutral(session, number)
    changed = 0
    for page in _pages(session, number):
        _refuse_conflicts(session, number, page, neutral)
        nets = _nets(page)
        for model in dict.fromkeys(net.model for net in nets):
            some = [net for net in nets if net.model is model]
            _check_state(session, number, model, some)
            _reverse(recorder, model, some)
        changed += len(nets)
    return Undone(operation, undo_id, changed)


def _pages(session: Session, operation_id: int) -> Iterator[Sequence[OperationChange]]:
    """Yield the changes of an operation in pages, the last ones first."""
    change, first = OperationChange, None
    while True:
        wanted = select(change).where(change.operation_id == operation_id).order_by(change.id.desc()).limit(PAGE)
        page = session.scalars(wanted if first is None else wanted.where(change.id < first)).all()
        if not page:
            return
        first = page[-1].id
        yield page


def _nets(page: Iterable[OperationChange]) -> list[_Net]:
    """Return what the changes of a page, the last ones first, did to each row."""
    nets: dict[tuple[Any, ...], _Net] = {}
    for change in page:
        model = _models()[change.table_name]
        key = _key(change)
        later = nets.get(key)
        nets[key] = _Net(model, change.before, later.after if later else change.after)
    return [net for net in nets.values() if net.before is not None or net.after is not None]


def _key(change: OperationChange) -> tuple[Any, ...]:
    """Return what identifies the row of a change: its table and unique key, in JSON's values."""
    row = change.before if change.after is None else change.after
    return (change.table_name, *((row or {}).get(name) for name in ecs.unique_key(_models()[change.table_name])))


@cache
def _models() -> dict[str, type[Base]]:
    return {ecs.table_of(model).name: model for model in all_models().values() if hasattr(model, "__tablename__")}


# ---- conflicts


def _neutral(session: Session, operation_id: int) -> set[int]:
    """Return the later operations that do not count: those that were undone, and what undid them."""
    undone = undone_operations(session)
    return {*undone, *(by for which, by in undone.items() if which > operation_id)}


def _refuse_conflicts(
    session: Session, operation_id: int, page: Sequence[OperationChange], neutral: AbstractSet[int]
) -> None:
    change = OperationChange
    keys = {_key(each) for each in page}
    ids = {each.entity_id for each in page if each.entity_id is not None}
    tables = {each.table_name for each in page if each.entity_id is None}
    same = or_(change.entity_id.in_(ids), and_(change.entity_id.is_(None), change.table_name.in_(tables)))
    later = session.scalars(select(change).where(change.operation_id > operation_id, same).order_by(change.id))
    blockers = {each.operation_id for each in later if each.operation_id not in neutral and _key(each) in keys}
    if blockers:
        named, is_final = _named(session, blockers)
        did = "removed that for good" if is_final else "changed the same later; undo that first"
        raise ConflictError(f"operation {operation_id} cannot be undone: {named} {did}")


def _named(session: Session, operation_ids: Iterable[int]) -> tuple[str, bool]:
    """Name operations, at most three, the newest first; return also whether one of these cannot be undone."""
    newest = sorted(operation_ids, reverse=True)
    kinds = dict(session.execute(select(Operation.id, Operation.kind).where(Operation.id.in_(newest[:3]))).all())
    named = ", ".join(f"operation {number} ({kinds[number]})" for number in newest[:3])
    rest = f" and {len(newest) - 3} more" if len(newest) > len(kinds) else ""
    return named + rest, not FINAL_KINDS.isdisjoint(kinds.values())


def _check_state(session: Session, operation_id: int, model: type[Base], nets: Sequence[_Net]) -> None:
    """Make sure that rows are as the operation left them, and the assets of rows that come back are there."""
    now = {
        _row_key(model, row): to_json(row) for row in find_rows(session, model, [net.row for net in nets], lock=True)
    }
    for net in nets:
        if not _is_equal(net.after, now.get(_row_key(model, net.row))):
            raise ConflictError(
                f"operation {operation_id} cannot be undone: its {ecs.table_of(model).name} of entity "
                f"{net.row.get('entity_id')} is no longer as it left it"
            )
    back = {entity_id for net in nets if net.before is not None for entity_id in entities_of(model, net.row)}
    for some in ecs.batched(back):
        if missing := {*some} - {*session.scalars(select(Entity.id).where(Entity.id.in_(some)))}:
            raise ConflictError(
                f"operation {operation_id} cannot be undone: entity {min(missing)} has been removed for good"
            )


def _row_key(model: type[Base], row: Row) -> tuple[Any, ...]:
    return tuple(to_json({name: row[name] for name in ecs.unique_key(model)}).values())


def _is_equal(recorded: dict[str, Any] | None, now: dict[str, Any] | None) -> bool:
    if recorded is None or now is None:
        return recorded is now
    return all(now[name] == value for name, value in recorded.items() if name in now and name not in _UNCOMPARED)


# ---- the reversal


def _reverse(recorder: Recorder, model: type[Base], nets: Sequence[_Net]) -> None:
    recorder.delete_keys(model, [net.row for net in nets if net.before is None])
    recorder.insert(model, [_back(net, drop=("id",)) for net in nets if net.after is None])
    recorder.put(model, [_back(net, drop=_UNCOMPARED) for net in nets if net.before and net.after])
    if issubclass(model, COMPARED):
        compare_again(recorder.session, sorted({id_ for net in nets for id_ in entities_of(model, net.row)}))


def _back(net: _Net, drop: Sequence[str]) -> Row:
    """Return the row before the operation. It gets another id: its own may have been used again."""
    row = from_json(ecs.table_of(net.model), net.before or {})
    return {name: value for name, value in row.items() if name not in drop}
