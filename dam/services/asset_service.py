"""Single assets: adding a file, and tags. For whole folders there is `dam.services.ingest.ingest`."""

from pathlib import Path

from sqlalchemy.orm import Session

from dam.core.errors import UnreadableFileError
from dam.models.entity import Entity
from dam.services.catalogue.known import known_by_sha256
from dam.services.catalogue.tags import add_tag_to_entity, get_tags_for_entity
from dam.services.file_storage import configured_store
from dam.services.ingest import writer
from dam.services.ingest.analysis import analyse
from dam.services.ingest.staging import stage
from dam.storage.blob_store import BlobStore

__all__ = ["add_asset_file", "add_tag_to_entity", "get_tags_for_entity"]


def add_asset_file(
    session: Session, path: Path, original_filename: str | None = None, *, store: BlobStore | None = None
) -> tuple[Entity, bool]:
    """Store a file, describe it, and return its entity and whether that is new.

    Content that is there already keeps its entity: the name and the source are linked to it and missing components
    are added. The bytes are durable when this returns; the rows are when the caller commits.

    Raises:
        UnreadableFileError: the file cannot be read, or changed meanwhile.
        StoreError: the store cannot be written.

    """
    store = store or configured_store()
    try:
        file, sample = stage(str(path.absolute()), store)
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"{path}: {exc}") from exc
    try:
        known = known_by_sha256(session, file.digests.sha256)
        analysis = None
        if known is None or not known.is_current:
            analysis = analyse(sample, known.labels if known else frozenset())
        store.publish({file.digests.sha256: file.blob})
    finally:
        file.discard()
    [asset] = writer.write_files(
        session, [(file, analysis)], storage_type=store.storage_type, filename=original_filename
    )
    return session.get_one(Entity, asset.entity_id), asset.is_new
