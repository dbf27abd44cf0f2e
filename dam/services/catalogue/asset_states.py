"""The states of assets: what content each has, and which systems have run for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from dam.media.kinds import Kind, kind_of
from dam.media.sample import obstacle
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue import ecs
from dam.systems.system import labels_in, obstacles, system_set, systems_for, todays_set


@dataclass(frozen=True)
class AssetState:
    """What content an asset has, and the systems that have run for it."""

    entity_id: int
    sha256: str
    md5: str
    size: int
    media_type: str
    system_set: str | None

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the systems that have run for it."""
        return labels_in(self.system_set or "")

    @property
    def is_current(self) -> bool:
        """Whether today's systems have nothing to add, or cannot run here."""
        if self.system_set in (None, todays_set(self.kind)):
            return self.system_set is not None
        due = [system for system in systems_for(self.kind) if system.label not in self.labels]
        return obstacle(self.media_type) is not None or 0 < len(due) == len(obstacles(self.media_type, due))


def states_by_sha256(session: Session, sha256s: Iterable[str]) -> dict[str, AssetState]:
    """Return the states of those assets that have the given contents, by digest."""
    statement = _states().where(ContentHashSha256Component.hash_value.in_(bindparam("digests", expanding=True)))
    states: dict[str, AssetState] = {}
    for some in ecs.batched(sha256s):
        states |= {row[1]: AssetState(*row) for row in session.execute(statement, {"digests": some})}
    return states


def states_by_id(session: Session, entity_ids: Iterable[int]) -> Iterator[AssetState]:
    """Yield the states of some assets, by id."""
    entity_id = ContentHashSha256Component.entity_id
    for some in ecs.batched(entity_ids):
        for row in session.execute(_states().where(entity_id.in_(some)).order_by(entity_id)):
            yield AssetState(*row)


def states_after(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return assets beyond the id `after`, in order."""
    entity_id = ContentHashSha256Component.entity_id
    rows = session.execute(_states().where(entity_id > after).order_by(entity_id).limit(limit))
    return [AssetState(*row) for row in rows]


def outdated(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return assets beyond the id `after`, in order, whose record differs from today's systems."""
    entity_id = ContentHashSha256Component.entity_id
    rows = session.execute(_states().where(entity_id > after, _differs()).order_by(entity_id).limit(limit))
    return [AssetState(*row) for row in rows]


def outdated_bytes(session: Session) -> int:
    """Return the size of all assets whose record differs from today's systems."""
    sizes = _states().where(_differs()).subquery().c.file_size_bytes
    return int(session.scalar(select(func.sum(sizes))) or 0)


def _differs() -> ColumnElement[bool]:
    """Whether an asset's record differs from today's systems."""
    return SystemSet.systems.is_(None) | SystemSet.systems.not_in([todays_set(kind) for kind in Kind])


def failed(session: Session, after: int, limit: int) -> list[AssetState]:
    """Return assets beyond the id `after`, in order, that systems have failed on: as if those had not run."""
    entity_id, failure = ContentHashSha256Component.entity_id, SystemFailureComponent
    with_failures = entity_id.in_(select(failure.entity_id))
    found = []
    for row in session.execute(_states().where(entity_id > after, with_failures).order_by(entity_id).limit(limit)):
        state = AssetState(*row)
        names = session.scalars(select(failure.system).where(failure.entity_id == state.entity_id)).all()
        left = {label for label in state.labels if label.partition("@")[0] not in names}
        found.append(replace(state, system_set=system_set(state.kind, left)))
    return found


def _states(*more: Any) -> Select[Any]:
    sha256, md5, properties = ContentHashSha256Component, ContentHashMd5Component, FilePropertiesComponent
    return (
        select(
            sha256.entity_id,
            sha256.hash_value,
            md5.hash_value,
            properties.file_size_bytes,
            properties.media_type,
            SystemSet.systems,
            *more,
        )
        .join(md5, md5.entity_id == sha256.entity_id)
        .join(properties, properties.entity_id == sha256.entity_id)
        .outerjoin(SystemRecord, SystemRecord.entity_id == sha256.entity_id)
        .outerjoin(SystemSet, SystemSet.id == SystemRecord.system_set_id)
    )
