"""Empty the trash: remove assets for good, and then the blobs that no asset has any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from dam.core.errors import LockedError
from dam.models import component_classes
from dam.models.base_class import Base
from dam.models.blob_check import BlobCheck
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.entity import Entity
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.content import is_as_recorded
from dam.services.catalogue.operations import Recorder, entity_columns
from dam.services.journal.gc import collect_garbage
from dam.services.journal.leftovers import left_by_purges
from dam.services.library import Library
from dam.services.mirrors.copies import has_copy
from dam.services.mirrors.mirrors import open_mirrors

RECORDED = (SourcePathComponent, FilePropertiesComponent, ContentHashSha256Component)
"""What the journal keeps of an asset that is removed for good, beside what the user said of it: what it was."""


@dataclass(frozen=True)
class PurgePlan:
    """What emptying the trash would remove for good."""

    entity_ids: Sequence[int]
    bytes: int
    last_copy_ids: Sequence[int]
    """Those of which no other copy is known: no mirror has it, and no source has the recorded size and time."""
    mirrors_failed: Sequence[str] = ()
    """The mirrors that could not be asked, with the reason."""

    @property
    def last_copies(self) -> int:
        """Number of assets of which no other copy is known."""
        return len(self.last_copy_ids)


@dataclass(frozen=True)
class Purged:
    """Assets that were removed for good. Their blobs are still in the store."""

    entity_ids: Sequence[int]
    keys: Sequence[str]
    """The SHA-256s of those that the store had."""
    operation_id: int | None


@dataclass(frozen=True)
class Emptied:
    """The result of emptying the trash."""

    entity_ids: Sequence[int]
    operation_id: int | None
    blobs: int
    """Number of blobs that were removed."""
    freed: int
    """Number of bytes that this has freed."""
    postponed: str | None
    """Why blobs are still in the store, if so: the next collection removes them."""


def empty_trash(library: Library, plan: PurgePlan) -> Emptied:
    """Remove the assets of a plan that are still in the trash, their blobs, and what earlier purges have left."""
    purged = purge(library, plan)
    blobs, freed, postponed = 0, 0, None
    try:
        for garbage in collect_garbage(library, grace=0, keys=left_by_purges(library)):
            blobs, freed = blobs + 1, freed + garbage.freed
    except LockedError as exc:
        postponed = str(exc)
    return Emptied(purged.entity_ids, purged.operation_id, blobs, freed, postponed)


def plan_purge(library: Library, older_than: float = 0.0) -> PurgePlan:
    """Return what is in the trash for at least some seconds, and of which of it no other copy is known."""
    table = TrashedComponent
    with library.read() as session:
        old = select(table.entity_id).where(table.created_at <= datetime.now(UTC) - timedelta(seconds=older_than))
        ids = list(session.scalars(old.order_by(table.entity_id)))
    mirrors, failed = open_mirrors(library)
    size = 0
    last: list[int] = []
    for some in ecs.batched(ids):
        with library.read() as session:
            files = _files(session, some)
            source = SourcePathComponent
            sources = session.scalars(select(source).where(source.entity_id.in_(some))).all()
        size += sum(file.size for file in files)
        copied = {each.entity_id for each in sources if is_as_recorded(each)}
        copied.update(
            file.entity_id
            for file in files
            if any(has_copy(mirror.store, file.sha256, file.size) for mirror in mirrors)
        )
        last += [entity_id for entity_id in some if entity_id not in copied]
    return PurgePlan(ids, size, last, [f"{mirror.name}: {error}" for mirror, error in failed])


class _File(NamedTuple):
    entity_id: int
    sha256: str
    size: int


def _files(session: Session, entity_ids: Sequence[int]) -> list[_File]:
    content, file = ContentHashSha256Component, FilePropertiesComponent
    statement = (
        select(content.entity_id, content.hash_value, file.file_size_bytes)
        .join(file, file.entity_id == content.entity_id)
        .where(content.entity_id.in_(entity_ids))
    )
    return [_File(*row) for row in session.execute(statement)]


def purge(library: Library, plan: PurgePlan) -> Purged:
    """Remove the assets of a plan that are still in the trash, for good, in one transaction.

    Their blobs stay until a collection: rows first, so that no row ever points at nothing.
    """

    def work(session: Session) -> Purged:
        recorder = Recorder(session, "purge")
        ids: list[int] = []
        keys: list[str] = []
        for some in ecs.batched(plan.entity_ids):
            gone, of_some = _purge(recorder, some, library.store.storage_type)
            ids += gone
            keys += of_some
        return Purged(ids, keys, recorder.operation_id)

    return library.write_again(work)


def _purge(recorder: Recorder, entity_ids: Sequence[int], storage_type: str) -> tuple[list[int], list[str]]:
    """Remove those of some assets that are in the trash; return them, and the keys of their blobs."""
    session, trashed, place = recorder.session, TrashedComponent.entity_id, FileLocationComponent
    # Locked: an ingest of the same content takes the asset out of the trash, either before this or not at all
    still = select(trashed).where(trashed.in_(entity_ids)).order_by(trashed).with_for_update()
    ids = list(session.scalars(still))
    if not ids:
        return [], []
    stored = select(place.file_identifier).where(place.entity_id.in_(ids), place.storage_type == storage_type)
    keys = list(session.scalars(stored))
    user_data = [kind for kind in component_classes() if kind.IS_USER_DATA]
    recorded: list[type[Base]] = [*user_data, *RECORDED]
    for model in recorded:
        columns = [ecs.table_of(model).c[name].in_(ids) for name in entity_columns(model)]
        recorder.delete(model, or_(*columns))
    recorder.delete(Entity, Entity.id.in_(ids))
    session.execute(delete(BlobCheck).where(BlobCheck.sha256.in_(keys)))
    return ids, keys
