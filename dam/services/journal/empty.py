"""Empty the trash: remove assets for good, and then the blobs that no asset has any more."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from dam.services.catalogue.content import has_content, is_as_recorded
from dam.services.components import ecs
from dam.services.components.operations import Recorder, entity_columns
from dam.services.journal.gc import collect_garbage
from dam.services.journal.leftovers import left_by_purges
from dam.services.library import Library
from dam.services.mirrors.copies import has_copy, has_sound_copy
from dam.services.mirrors.mirrors import list_mirrors, open_mirrors
from dam.storage.blob_store import BlobStore

RECORDED = (SourcePathComponent, FilePropertiesComponent, ContentHashSha256Component)
"""What the journal keeps of an asset that is removed for good, beside what the user said of it: what it was."""


@dataclass(frozen=True)
class PurgePlan:
    """What emptying the trash would remove for good."""

    entity_ids: Sequence[int]
    bytes: int
    """The sum of their sizes."""
    last_copy_ids: Sequence[int]
    """Assets in the trash of which there is no other copy, in a mirror or at a source."""
    kept: int
    """Number of these that stay in the trash, because their removal was not asked for."""
    mirrors_failed: Sequence[str] = ()
    """The mirrors that could not be asked, with the reason."""

    @property
    def last_copies(self) -> int:
        """Number of assets of which there is no other copy."""
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
    has_mirrors: bool
    """Whether there are mirrors, which may have copies."""


def empty_trash(library: Library, plan: PurgePlan) -> Emptied:
    """Remove the assets of a plan that are still in the trash, their blobs, and what earlier purges have left."""
    purged = purge(library, plan)
    blobs, freed, postponed = 0, 0, None
    try:
        for garbage in collect_garbage(library, grace=0, keys=left_by_purges(library)):
            blobs, freed = blobs + 1, freed + garbage.freed
    except LockedError as exc:
        postponed = str(exc)
    return Emptied(purged.entity_ids, purged.operation_id, blobs, freed, postponed, bool(list_mirrors(library)))


def plan_purge(
    library: Library, older_than: float = 0.0, *, last_copies: bool = False, content: bool = True
) -> PurgePlan:
    """Plan to remove what has been in the trash for at least some seconds, but for last copies unless asked for.

    With `content`, other copies are read; otherwise a mirror's size, and the size and time of a source, are enough.
    """
    table = TrashedComponent
    with library.read() as session:
        old = select(table.entity_id).where(table.created_at <= datetime.now(UTC) - timedelta(seconds=older_than))
        ids = list(session.scalars(old.order_by(table.entity_id)))
    mirrors, failed = open_mirrors(library)
    stores = [mirror.store for mirror in mirrors]
    sizes: dict[int, int] = {}
    copied: set[int] = set()
    for some in ecs.batched(ids):
        with library.read() as session:
            files = _files(session, some)
            source = SourcePathComponent
            sources = session.scalars(select(source).where(source.entity_id.in_(some))).all()
        sizes.update((file.entity_id, file.size) for file in files)
        paths: dict[int, list[str]] = defaultdict(list)
        for each in sources:
            if is_as_recorded(each):
                paths[each.entity_id].append(os.fsdecode(each.path))
        copied.update(file.entity_id for file in files if _is_copied(file, paths, stores, content=content))
    last = [entity_id for entity_id in ids if entity_id not in copied]
    removed = ids if last_copies else [entity_id for entity_id in ids if entity_id in copied]
    size = sum(sizes.get(entity_id, 0) for entity_id in removed)
    errors = [f"{mirror.name}: {error}" for mirror, error in failed]
    return PurgePlan(removed, size, last, len(ids) - len(removed), errors)


def _is_copied(
    file: "_File", paths: Mapping[int, Sequence[str]], mirrors: Sequence[BlobStore], *, content: bool
) -> bool:
    """Return whether a mirror, or an unchanged source, has a content."""
    if not content:
        return bool(paths.get(file.entity_id)) or any(has_copy(store, file.sha256, file.size) for store in mirrors)
    if any(has_content(path, file.sha256) for path in paths.get(file.entity_id, ())):
        return True
    return any(has_sound_copy(store, file.sha256, file.size) for store in mirrors)


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
