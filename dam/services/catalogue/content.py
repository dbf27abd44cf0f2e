"""Locate the content of an asset: in the store, or at a referenced source."""

import os
from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dam.core.errors import UnreadableFileError
from dam.media.files.digests import digests_of
from dam.media.files.source import FileState, chunks, open_source
from dam.models.file_location_component import FileLocationComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue.asset_states import AssetState
from dam.services.catalogue.assets import Asset
from dam.services.components import ecs
from dam.services.sources.source_paths import path_digest
from dam.storage.blob_store import BlobStore
from dam.storage.modes import REFERENCE_STORAGE


def find_content(session: Session, store: BlobStore, known: AssetState) -> str:
    """Return the path of an asset's content: a blob of the right size, or an unchanged referenced source.

    Raises:
        UnreadableFileError: the content is missing or damaged; the message says what to do.

    """
    size = store.size(known.sha256)
    if size == known.size:
        return str(store.file(known.sha256))
    if size is not None:  # the results of a damaged blob must not be recorded
        damage = f"with {size} bytes instead of {known.size}"
        raise UnreadableFileError(f"the blob is damaged, {damage}: add the file again")
    if not only_referenced(session, store.storage_type, [known.entity_id]):
        raise UnreadableFileError("the blob is missing from the store: add the file again")
    for source in ecs.get_components(session, known.entity_id, SourcePathComponent):
        if is_as_recorded(source):
            return os.fsdecode(source.path)
    raise UnreadableFileError("it is referenced, and every source is missing or has changed: add the file again")


def is_as_recorded(source: SourcePathComponent) -> bool:
    """Return whether a source still has the recorded size and modification time."""
    try:
        state = FileState.of(os.stat(source.path))
    except OSError:
        return False
    return (state.size, state.mtime_ns) == (source.size, source.mtime_ns)


def has_content(path: str, sha256: str) -> bool:
    """Return whether a file has a content, by reading it."""
    try:
        with open_source(path) as (file, _):
            return digests_of(chunks(file)).sha256 == sha256
    except UnreadableFileError:
        return False


def is_source(session: Session, path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a recorded source, by whatever path: read by inode number, all sources are looked at."""
    status, table = os.stat(path), SourcePathComponent
    inode = FileState.of(status).inode
    digest = path_digest(os.fsencode(os.path.realpath(path)))
    if session.scalar(select(exists().where(table.path_digest == digest))):
        return True
    recorded = session.scalars(select(table.path).where(table.inode == inode))
    return any(_leads_to(source, status) for source in recorded)


def _leads_to(path: bytes, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


def find_path(session: Session, asset: Asset) -> str | None:
    """Return the path of an asset's content: in the store, or else an unchanged source; None if there is neither."""
    if asset.stored_path:
        return asset.stored_path
    sources = ecs.get_components(session, asset.entity_id, SourcePathComponent)
    return next((os.fsdecode(source.path) for source in sources if is_as_recorded(source)), None)


def has_references(session: Session) -> bool:
    """Return whether any asset is referenced."""
    return bool(session.scalar(select(exists().where(FileLocationComponent.storage_type == REFERENCE_STORAGE))))


def only_referenced(session: Session, storage_type: str, entity_ids: Iterable[int]) -> set[int]:
    """Return the entities that are referenced and not stored in a store of this type."""
    referenced: set[int] = set()
    stored: set[int] = set()
    place = FileLocationComponent
    for ids in ecs.batched(entity_ids):
        for entity_id, kind in session.execute(
            select(place.entity_id, place.storage_type).where(place.entity_id.in_(ids))
        ):
            (stored if kind == storage_type else referenced).add(entity_id)
    return referenced - stored
