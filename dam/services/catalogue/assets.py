"""Summaries of assets: the fields that the matches of all commands share."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue.facts import Facts, facts_of
from dam.services.catalogue.replaced import replaced_by
from dam.services.components import ecs
from dam.services.components.identity import select_identity
from dam.storage.blob_store import BlobStore


@dataclass(frozen=True)
class Asset:
    """A summary of an asset. `size` is in bytes; names and sources are oldest first."""

    entity_id: int
    sha256: str
    md5: str
    size: int
    media_type: str
    stored_path: str | None
    referenced: bool = False
    """Whether the content is only at its source, and not in the store."""
    names: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    replaced_by: int | None = None
    """The asset with the newer content of its file, if another program has changed it."""
    facts: Facts = field(default_factory=Facts)


def summarise(session: Session, store: BlobStore, entity_ids: Iterable[int]) -> list[Asset]:
    """Return summaries of assets, in the order of the ids."""
    ids = list(entity_ids)
    assets: dict[int, Asset] = {}
    for some in ecs.batched(ids):
        assets |= _without_sources(session, store, some)
        source = SourcePathComponent
        rows = session.execute(
            select(source.entity_id, source.filename, source.path_display)
            .where(source.entity_id.in_(some))
            .order_by(source.id)
        )
        for entity_id, name, path in rows:
            assets[entity_id].sources.append(path)
            if name not in assets[entity_id].names:
                assets[entity_id].names.append(name)
    return [assets[entity_id] for entity_id in ids]


def _without_sources(session: Session, store: BlobStore, ids: list[int]) -> dict[int, Asset]:
    asset, location = ContentHashSha256Component.entity_id, FileLocationComponent
    rows = session.execute(
        select_identity(FilePropertiesComponent.original_filename, location.file_identifier)
        .outerjoin(location, (location.entity_id == asset) & (location.storage_type == store.storage_type))
        .where(asset.in_(ids))
    )
    replaced, facts = replaced_by(session, ids), facts_of(session, ids)
    assets = {}
    for entity_id, sha, md, size, media_type, name, identifier in rows:
        path = store.path(identifier) if identifier else None
        stored_path = str(path) if path else None
        is_referenced, newer = identifier is None, replaced.get(entity_id)
        assets[entity_id] = Asset(
            entity_id, sha, md, size, media_type, stored_path, is_referenced, [name], [], newer, facts[entity_id]
        )
    return assets
