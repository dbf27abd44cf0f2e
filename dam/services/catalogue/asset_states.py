"""States of assets: their content, and the systems that have run for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from dam.media.kinds import Kind, kind_of
from dam.media.sample import obstacle
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue.trashed import is_present
from dam.services.components import ecs
from dam.services.components.identity import select_identity
from dam.systems.system import complete_sets, labels_in, obstacles, system_set, systems_for


@dataclass(frozen=True)
class AssetState:
    """The content of an asset, and the set of systems that have run for it."""

    entity_id: int
    sha256: str
    md5: str
    size: int
    media_type: str
    system_set: str | None
    asked: frozenset[str] = frozenset()
    """Names of systems to run that only run on request."""

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)

    @property
    def labels(self) -> frozenset[str]:
        """Labels of the systems that have run."""
        return labels_in(self.system_set or "")

    @property
    def is_current(self) -> bool:
        """Whether all current systems have run, or the others cannot run on this installation."""
        if self.system_set is None or self.system_set in complete_sets(self.kind):
            return self.system_set is not None
        due = [system for system in systems_for(self.kind) if system.label not in self.labels]
        return obstacle(self.media_type) is not None or 0 < len(due) == len(obstacles(self.media_type, due))


def states_by_sha256(session: Session, sha256s: Iterable[str]) -> dict[str, AssetState]:
    """Return the states of the assets with some contents, by SHA-256."""
    statement = _states().where(ContentHashSha256Component.hash_value.in_(bindparam("digests", expanding=True)))
    states: dict[str, AssetState] = {}
    for some in ecs.batched(sha256s):
        states |= {row[1]: AssetState(*row) for row in session.execute(statement, {"digests": some})}
    return states


def states_by_id(session: Session, entity_ids: Iterable[int]) -> Iterator[AssetState]:
    """Yield the states of some assets, in order of id within each batch."""
    entity_id = ContentHashSha256Component.entity_id
    for some in ecs.batched(entity_ids):
        for row in session.execute(_states().where(entity_id.in_(some)).order_by(entity_id)):
            yield AssetState(*row)


def states_after(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return the states of the next `limit` assets after id `after`, but for those in the trash."""
    entity_id = ContentHashSha256Component.entity_id
    rows = session.execute(_states().where(entity_id > after, is_present(entity_id)).order_by(entity_id).limit(limit))
    return [AssetState(*row) for row in rows]


def outdated(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return the states of the next `limit` assets after id `after` for which current systems have not run."""
    entity_id = ContentHashSha256Component.entity_id
    rows = session.execute(_states().where(entity_id > after, _differs()).order_by(entity_id).limit(limit))
    return [AssetState(*row) for row in rows]


def outdated_bytes(session: Session) -> int:
    """Return the total size of the assets for which current systems have not run."""
    sizes = _states().where(_differs()).subquery().c.file_size_bytes
    return int(session.scalar(select(func.sum(sizes))) or 0)


def _differs() -> ColumnElement[bool]:
    """Return the condition that the recorded set of systems is not the current one; the trash is left alone."""
    complete = [each for kind in Kind for each in complete_sets(kind)]
    differs = SystemSet.systems.is_(None) | SystemSet.systems.not_in(complete)
    return differs & is_present(ContentHashSha256Component.entity_id)


def failed(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return the states of the next `limit` assets after id `after` with failed systems, as if those had not run."""
    entity_id, failure = ContentHashSha256Component.entity_id, SystemFailureComponent
    with_failures = entity_id.in_(select(failure.entity_id))
    found = []
    wanted = (entity_id > after, with_failures, is_present(entity_id))
    for row in session.execute(_states().where(*wanted).order_by(entity_id).limit(limit)):
        state = AssetState(*row)
        names = session.scalars(select(failure.system).where(failure.entity_id == state.entity_id)).all()
        left = {label for label in state.labels if label.partition("@")[0] not in names}
        found.append(replace(state, system_set=system_set(state.kind, left), asked=frozenset(names)))
    return found


def unasked(session: Session, entity_ids: Iterable[int], names: frozenset[str]) -> list[AssetState]:
    """Return the states of those of some assets for which systems that run on request have not run."""
    entity_id = ContentHashSha256Component.entity_id
    found: list[AssetState] = []
    for some in ecs.batched(entity_ids):
        rows = session.execute(_states().where(entity_id.in_(some), is_present(entity_id)).order_by(entity_id))
        found += [replace(AssetState(*row), asked=names) for row in rows]
    return [state for state in found if _labels_of(state.kind, names) - state.labels]


def _labels_of(kind: Kind, names: frozenset[str]) -> set[str]:
    return {system.label for system in systems_for(kind, on_request=True) if system.name in names}


def _states() -> Select[Any]:
    entity_id = ContentHashSha256Component.entity_id
    return (
        select_identity(SystemSet.systems)
        .outerjoin(SystemRecord, SystemRecord.entity_id == entity_id)
        .outerjoin(SystemSet, SystemSet.id == SystemRecord.system_set_id)
    )
