"""Assets that were replaced by a newer content of their file."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.models.replaced_component import ReplacedComponent
from dam.services.components import ecs
from dam.services.components.operations import Recorder


def replaced_ids(session: Session) -> list[int]:
    """Return all assets that were replaced, ascending."""
    return list(session.scalars(select(ReplacedComponent.entity_id).distinct().order_by(ReplacedComponent.entity_id)))


def replaced_by(session: Session, entity_ids: Iterable[int]) -> dict[int, int]:
    """Return by which asset each of some assets was replaced last; those that were not are left out."""
    table = ReplacedComponent
    found: dict[int, int] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(
            select(table.entity_id, table.by_entity_id).where(table.entity_id.in_(some)).order_by(table.id)
        )
        found.update((old, new) for old, new in rows)
    return found


def replaces(session: Session, entity_id: int) -> list[int]:
    """Return the assets that an asset has replaced, ascending."""
    table = ReplacedComponent
    return list(
        session.scalars(select(table.entity_id).where(table.by_entity_id == entity_id).order_by(table.entity_id))
    )


def note_present(recorder: Recorder, entity_ids: Iterable[int]) -> None:
    """Note that the contents of some assets are at a source again, as part of an operation: they are not replaced."""
    if recorder.session.scalar(select(ReplacedComponent.id).limit(1)) is not None:
        for some in ecs.batched(dict.fromkeys(entity_ids)):
            recorder.delete(ReplacedComponent, ReplacedComponent.entity_id.in_(some))
