"""Give blobs without an asset one, and assets what they lack; as one operation of the journal."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.files.digests import buffers
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.entity import Entity
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.components.operations import Recorder
from dam.services.ingest.writer import entities_by_sha256
from dam.services.library import Library
from dam.services.repair.outcome import Action, Repair, Result
from dam.storage.blob_store import BlobStore
from dam.storage.reading import open_blob


@dataclass(frozen=True)
class BlobFacts:
    """What a blob tells of itself; `sha256` is that of its bytes."""

    sha256: str
    md5: str
    size: int
    head: bytes


def facts_of(store: BlobStore, key: str) -> BlobFacts | None:
    """Read a blob; return None unless it has the content of its name."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    size, head = 0, b""
    try:
        with open_blob(store, key) as file:
            for chunk in buffers(file):
                head = head or bytes(chunk[:HEAD_BYTES])
                size += len(chunk)
                sha256.update(chunk)
                md5.update(chunk)
    except (UnreadableFileError, StoreError, OSError):
        return None
    return BlobFacts(key, md5.hexdigest(), size, head) if sha256.hexdigest() == key else None


def adopt(library: Library, key: str, operation: "RepairOperation", *, name: str | None, dry_run: bool) -> Repair:
    """Make an asset of a blob that none owns. Where no `name` is known, that is its digest."""
    with library.store.in_use():  # no collection takes it before its rows are committed
        return _adopt(library, key, operation, name=name, dry_run=dry_run)


def _adopt(library: Library, key: str, operation: "RepairOperation", *, name: str | None, dry_run: bool) -> Repair:
    facts = facts_of(library.store, key)
    if facts is None:
        return Repair(Action.ADOPT, Result.LEFT, "the blob is damaged, and no asset needs it", sha256=key)
    if dry_run:
        return Repair(Action.ADOPT, Result.PLANNED, "the blob becomes an asset", sha256=key)

    def write(session: Session) -> int:
        recorder = operation.recorder(session)
        known = entities_by_sha256(session, [key]).get(key)
        if known is None:
            known = int(recorder.insert(Entity, [{"created_at": datetime.now(UTC)}])[0]["id"])
        _write_facts(recorder, known, facts, library.store.storage_type, name or key)
        operation.note(recorder)
        return known

    entity_id = library.write_again(write)
    detail = "it is an asset now: dam-cli run-systems finds out the rest"
    return Repair(Action.ADOPT, Result.DONE, detail, key, entity_id, name or key)


def complete(library: Library, entity_id: int, operation: "RepairOperation", *, dry_run: bool) -> Repair:
    """Write what an asset lacks, if the store has a sound blob of its digest, or at its location."""
    with library.store.in_use():
        return _complete(library, entity_id, operation, dry_run=dry_run)


def _complete(library: Library, entity_id: int, operation: "RepairOperation", *, dry_run: bool) -> Repair:
    with library.read() as session:
        keys = _keys_of(session, entity_id)
        names = _names_of(session, entity_id)
    facts = next((found for found in (facts_of(library.store, key) for key in keys) if found), None)
    if facts is None:
        detail = "neither digest nor location lead to a sound blob: restore a backup, or dam-cli rebuild-db"
        return Repair(Action.COMPLETE, Result.LEFT, detail, entity_id=entity_id)
    name = next(iter(names), facts.sha256)
    if dry_run:
        return Repair(Action.COMPLETE, Result.PLANNED, "its blob is sound", facts.sha256, entity_id, name)

    def write(session: Session) -> bool:
        if entities_by_sha256(session, [facts.sha256]).get(facts.sha256, entity_id) != entity_id:
            return False
        recorder = operation.recorder(session)
        _write_facts(recorder, entity_id, facts, library.store.storage_type, name)
        operation.note(recorder)
        return True

    if not library.write_again(write):
        return Repair(Action.COMPLETE, Result.LEFT, "another asset has its content", facts.sha256, entity_id, name)
    return Repair(Action.COMPLETE, Result.DONE, "it has what it lacked", facts.sha256, entity_id, name)


def _keys_of(session: Session, entity_id: int) -> list[str]:
    sha256, location = ContentHashSha256Component, FileLocationComponent
    found = [
        *session.scalars(select(location.file_identifier).where(location.entity_id == entity_id)),
        *session.scalars(select(sha256.hash_value).where(sha256.entity_id == entity_id)),
    ]
    return list(dict.fromkeys(found))


def _names_of(session: Session, entity_id: int) -> list[str]:
    properties, source = FilePropertiesComponent, SourcePathComponent
    return [
        *session.scalars(select(properties.original_filename).where(properties.entity_id == entity_id)),
        *session.scalars(select(source.filename).where(source.entity_id == entity_id).order_by(source.id)),
    ]


def _write_facts(recorder: Recorder, entity_id: int, facts: BlobFacts, storage_type: str, name: str) -> None:
    entity: dict[str, Any] = {"entity_id": entity_id}
    recorder.put(ContentHashSha256Component, [entity | {"hash_value": facts.sha256}])
    recorder.put(ContentHashMd5Component, [entity | {"hash_value": facts.md5}])
    described = {"original_filename": name, "file_size_bytes": facts.size, "media_type": media_type(facts.head, name)}
    recorder.put(FilePropertiesComponent, [entity | described])
    recorder.put(FileLocationComponent, [entity | {"file_identifier": facts.sha256, "storage_type": storage_type}])


class RepairOperation:
    """The one operation of a repair, which all its transactions add to."""

    def __init__(self) -> None:
        self._id: int | None = None

    def recorder(self, session: Session) -> Recorder:
        """Return the recorder for a transaction."""
        return Recorder(session, "repair", operation_id=self._id)

    def note(self, recorder: Recorder) -> None:
        """Keep the operation for the next transaction."""
        self._id = recorder.operation_id
