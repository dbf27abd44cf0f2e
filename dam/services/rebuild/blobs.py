"""The blobs of a store against a database that was made from the manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError
from dam.media.files.digests import digests_of
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import chunks
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.components import ecs
from dam.services.manifest.owners import Said, last_said
from dam.services.manifest.records import record_files
from dam.storage.blob_store import BlobStore

PAGE = 500
MAX_ASKED = 100_000
"""Number of blobs that the manifest is asked for at once."""


@dataclass(frozen=True)
class Adopted:
    """A blob that the manifest does not have: it is an asset now, named by its digest."""

    entity_id: int
    sha256: str
    size: int


@dataclass(frozen=True)
class BlobProblem:
    """A blob that is missing, or damaged and not adopted."""

    sha256: str
    detail: str
    entity_id: int | None = None
    name: str | None = None


def adopt_blobs(session: Session, store: BlobStore) -> Iterator[Adopted | BlobProblem]:
    """Make an asset of each blob that has none. It is read whole, and damaged content is not adopted.

    Nor is what was removed for good by the manifest, and waits for a collection.
    """
    for keys in ecs.batched(_without_asset(session, store), MAX_ASKED):
        said = last_said(store.manifest, keys)
        for key in keys:
            if said.get(key) is not Said.PURGED:
                yield _adopt(session, store, key)


def _without_asset(session: Session, store: BlobStore) -> Iterator[str]:
    place = FileLocationComponent
    for keys in ecs.batched(store.keys(), PAGE):
        statement = select(place.file_identifier).where(
            place.file_identifier.in_(keys), place.storage_type == store.storage_type
        )
        owned = set(session.scalars(statement))
        yield from (key for key in keys if key not in owned)


def _adopt(session: Session, store: BlobStore, key: str) -> Adopted | BlobProblem:
    try:
        with store.open(key) as blob:
            head = blob.read(HEAD_BYTES)
            blob.seek(0)
            digests = digests_of(chunks(blob))
            size = blob.tell()
    except (StoreError, OSError) as exc:
        return BlobProblem(key, f"its blob cannot be read: {exc}")
    if digests.sha256 != key:
        return BlobProblem(key, "the content of its blob does not match its digest")
    now = datetime.now(UTC)
    identity = ContentHashSha256Component
    entity_id = session.scalar(select(identity.entity_id).where(identity.hash_value == key))
    rows: dict[Any, list[dict[str, Any]]] = {}
    if entity_id is None:  # else it was referenced only
        [entity_id] = ecs.add_entities(session, 1, now)
        found_type = media_type(head, key, partial(store.open, key))
        found = {"original_filename": key, "file_size_bytes": size, "media_type": found_type}
        rows[identity] = [{"entity_id": entity_id, "hash_value": key}]
        rows[ContentHashMd5Component] = [{"entity_id": entity_id, "hash_value": digests.md5}]
        rows[FilePropertiesComponent] = [{"entity_id": entity_id} | found]
    location = {"entity_id": entity_id, "file_identifier": key, "storage_type": store.storage_type}
    rows[FileLocationComponent] = [location]
    for table, values in rows.items():
        ecs.put_rows(session, table, values)
    record_files(session, rows, now)
    return Adopted(entity_id, key, size)


def missing_blobs(session: Session, store: BlobStore) -> Iterator[BlobProblem]:
    """Yield the assets whose blobs the store does not have. They are kept: a copy of the store may have them."""
    place, properties = FileLocationComponent, FilePropertiesComponent
    statement = (
        select(place.id, place.entity_id, place.file_identifier, properties.original_filename)
        .join(properties, properties.entity_id == place.entity_id)
        .where(place.storage_type == store.storage_type)
        .order_by(place.id)
        .limit(PAGE)
    )
    last = 0
    while rows := session.execute(statement.where(place.id > last)).all():
        last = rows[-1].id
        for _, entity_id, key, name in rows:
            if store.size(key) is None:
                yield BlobProblem(key, "its blob is not in the store", entity_id, name)
