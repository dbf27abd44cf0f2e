"""Single assets: adding a file, and tags. For whole folders there is `dam.services.ingest.ingest`."""

from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from dam.core.errors import UnreadableFileError
from dam.models.entity import Entity
from dam.services.catalogue.tags import add_tag_to_entity, get_tags_for_entity
from dam.services.file_storage import configured_store
from dam.services.ingest import writer
from dam.services.ingest.examine import Job
from dam.services.ingest.publish import publish
from dam.services.ingest.resolve import analyse_due, resolve
from dam.services.processes.alone import run_alone
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode

__all__ = ["add_asset_file", "add_tag_to_entity", "get_tags_for_entity"]


def add_asset_file(
    session: Session, path: Path, original_filename: str | None = None, *, store: BlobStore | None = None
) -> tuple[Entity, bool]:
    """Store a file, describe it, and return its entity and whether that is new.

    Content that is there already keeps its entity: the name and the source are linked to it and missing components
    are added. The file is decoded in a worker process, within the limits of the settings. Its bytes are durable when
    this returns; the rows are when the caller commits.

    Raises:
        UnreadableFileError: the file cannot be read, or changed meanwhile.
        StoreError: the store cannot be written.

    """
    store = store or configured_store()
    examined = run_alone(Job(str(path.absolute()), size=0, store=store))
    if examined.file is None:
        raise UnreadableFileError(f"{path}: {examined.error}")
    try:
        resolved = analyse_due(resolve(session, store.storage_type, [examined]), store, partial(map, run_alone))
        publish(store, resolved, Mode.COPY)
    finally:
        examined.file.discard()
    files = [(each.file, each.analysis) for each in resolved]
    [asset] = writer.write_files(session, files, storage_type=store.storage_type, filename=original_filename)
    return session.get_one(Entity, asset.entity_id), asset.is_new
