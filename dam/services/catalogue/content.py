"""Where the bytes of an asset are: in the store, or where they are referenced."""

import os
from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dam.core.errors import UnreadableFileError
from dam.media.files.source import FileState
from dam.models.file_location_component import FileLocationComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.asset_states import AssetState
from dam.services.catalogue.assets import Asset
from dam.storage.blob_store import BlobStore
from dam.storage.modes import REFERENCE_STORAGE


def find_content(session: Session, store: BlobStore, known: AssetState) -> str:
    """Return the file that holds an asset's bytes, as far as its size, or the recorded state of a reference, tells.

    Raises:
        UnreadableFileError: they are missing or damaged; the message says what to do.

    """
    size = store.size(known.sha256)
    if size == known.size:
        return str(store.file(known.sha256))
    if size is not None:  # what a damaged blob says is no fact about the asset
        damage = f"with {size} bytes instead of {known.size}"
        raise UnreadableFileError(f"the blob is damaged, {damage}: add the file again")
    if not only_referenced(session, store.storage_type, [known.entity_id]):
        raise UnreadableFileError("the blob is missing from the store: add the file again")
    for source in ecs.get_components(session, known.entity_id, SourcePathComponent):
        if is_as_recorded(source):
            return os.fsdecode(source.path)
    raise UnreadableFileError("it is referenced, and unchanged at none of its paths any more: add the file again")


def is_as_recorded(source: SourcePathComponent) -> bool:
    """Tell whether a source is still there, with the size and time that it had."""
    try:
        state = FileState.of(os.stat(source.path))
    except OSError:
        return False
    return (state.size, state.mtime_ns) == (source.size, source.mtime_ns)


def find_place(session: Session, asset: Asset) -> str | None:
    """Return a file that holds an asset's bytes: in the store, else an unchanged one that it came from."""
    if asset.stored_path:
        return asset.stored_path
    sources = ecs.get_components(session, asset.entity_id, SourcePathComponent)
    return next((os.fsdecode(source.path) for source in sources if is_as_recorded(source)), None)


def has_references(session: Session) -> bool:
    """Tell whether any asset is referenced."""
    return bool(session.scalar(select(exists().where(FileLocationComponent.storage_type == REFERENCE_STORAGE))))


def only_referenced(session: Session, storage_type: str, entity_ids: Iterable[int]) -> set[int]:
    """Return those entities that are referenced, and that a store of this type has never had."""
    referenced: set[int] = set()
    stored: set[int] = set()
    place = FileLocationComponent
    for ids in ecs.batched(entity_ids):
        for entity_id, kind in session.execute(
            select(place.entity_id, place.storage_type).where(place.entity_id.in_(ids))
        ):
            (stored if kind == storage_type else referenced).add(entity_id)
    return referenced - stored
