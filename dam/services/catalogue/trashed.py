"""Assets in the trash: the one condition by which every reader leaves them out, and how they get in and out.

An asset in the trash keeps its rows and its blob. Its content is found again by an ingest.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from dam.models.trashed_component import TrashedComponent
from dam.services.components import ecs
from dam.services.components.operations import Recorder


def is_present(entity_id: Any) -> ColumnElement[bool]:
    """Return the condition that the entity in a column is not in the trash."""
    return ~exists().where(TrashedComponent.entity_id == entity_id)


def any_trashed(session: Session) -> bool:
    """Return whether the trash has anything."""
    return session.scalar(select(TrashedComponent.id).limit(1)) is not None


def trashed_ids(session: Session) -> list[int]:
    """Return all entities in the trash, ascending."""
    return list(session.scalars(select(TrashedComponent.entity_id).order_by(TrashedComponent.entity_id)))


def trashed_among(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return those of some entities that are in the trash."""
    found: set[int] = set()
    if any_trashed(session):
        for some in ecs.batched(entity_ids):
            found.update(
                session.scalars(select(TrashedComponent.entity_id).where(TrashedComponent.entity_id.in_(some)))
            )
    return found


def put_in_trash(recorder: Recorder, entity_ids: Sequence[int]) -> list[int]:
    """Put entities in the trash, as part of an operation; return those that were not there."""
    trashed = trashed_among(recorder.session, entity_ids)
    new = [entity_id for entity_id in entity_ids if entity_id not in trashed]
    if not new:
        return []
    operation_id = recorder.begin()
    rows = [{"entity_id": entity_id, "operation_id": operation_id} for entity_id in new]
    return [row["entity_id"] for row in recorder.insert(TrashedComponent, rows)]


def restore_from_trash(recorder: Recorder, entity_ids: Iterable[int]) -> set[int]:
    """Take those of some entities that are in the trash out of it, as part of an operation; return them."""
    there = trashed_among(recorder.session, dict.fromkeys(entity_ids))
    if not there:
        return set()
    from dam.services.catalogue.pairs import compare_again  # noqa: PLC0415  brings tables that an ingest seldom needs

    deleted = recorder.delete_keys(TrashedComponent, ({"entity_id": entity_id} for entity_id in sorted(there)))
    back = {row["entity_id"] for row in deleted}
    compare_again(recorder.session, back)
    return back
