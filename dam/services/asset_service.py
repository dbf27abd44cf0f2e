"""Add a single file, and tag assets. `dam.services.ingest.ingest` adds folders."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from dam.core.errors import UnreadableFileError
from dam.models.entity import Entity
from dam.services.file_storage import configured_store
from dam.services.ingest import writer
from dam.services.ingest.examine import ExamineRequest
from dam.services.ingest.publish import publish
from dam.services.ingest.resolve import analyse_due, resolve
from dam.services.processes.isolated import run_isolated
from dam.services.tags.tags import add_tag_to_entity, get_tags_for_entity
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode

__all__ = ["add_asset_file", "add_tag_to_entity", "get_tags_for_entity"]


def add_asset_file(
    session: Session, path: Path, original_filename: str | None = None, *, store: BlobStore | None = None
) -> tuple[Entity, bool]:
    """Store and analyse a file; return its entity and whether it is new.

    If the library has the content, the name and the source are linked to its entity, and missing components are
    added. The file is decoded in a worker process, within the limits of the settings. The bytes are durable on return;
    the rows are durable once the caller commits.

    Raises:
        UnreadableFileError: the file cannot be read, or changed while it was read.
        StoreError: the store cannot be written.

    """
    store = store or configured_store()
    _use_until_commit(session, store)
    examined = run_isolated(ExamineRequest(str(path.absolute()), size=0, store=store))
    if examined.file is None:
        raise UnreadableFileError(f"{path}: {examined.error}")
    try:
        resolved = analyse_due(resolve(session, store.storage_type, [examined]), store, partial(map, run_isolated))
        publish(store, resolved, Mode.COPY)
    finally:
        examined.file.discard()
    files = [(each.file, each.analysis) for each in resolved]
    [asset] = writer.write_files(session, files, storage_type=store.storage_type, filename=original_filename)
    return session.get_one(Entity, asset.entity_id), asset.is_new


def _use_until_commit(session: Session, store: BlobStore) -> None:
    """Keep blobs from being removed until the session's transaction ends: its rows make them those of an asset."""
    used = ExitStack()
    used.enter_context(store.in_use())

    def end(_session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            used.close()

    event.listen(session, "after_transaction_end", end)
