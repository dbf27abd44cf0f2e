"""Single assets: adding a file, and tags. For whole folders there is `dam.services.ingest`."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UnreadableFileError, UsageError
from dam.models.entity import Entity
from dam.models.tag_component import TagComponent
from dam.services import ecs, writer
from dam.services.analysis import analyse
from dam.services.file_storage import configured_store
from dam.services.known import known_by_sha256
from dam.services.staging import stage
from dam.storage.blob_store import BlobStore

TAG_LENGTH = 255


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


def add_tag_to_entity(session: Session, entity_id: int, tag: str) -> bool:
    """Put a tag on an entity; return whether it is new there.

    Raises:
        UsageError: it is no tag.
        NotFoundError: there is no such entity.

    """
    component = TagComponent(entity_id=entity_id, tag=checked_tag(tag))
    if session.get(Entity, entity_id) is None:
        raise NotFoundError(f"the library has no entity {entity_id}")
    _, is_new = ecs.get_or_add_component(session, component)
    return is_new


def remove_tag_from_entity(session: Session, entity_id: int, tag: str) -> bool:
    """Take a tag off an entity; return whether it was there."""
    component = TagComponent
    statement = delete(component).where(component.entity_id == entity_id, component.tag == checked_tag(tag))
    return bool(session.execute(statement.returning(component.id)).all())


def get_tags_for_entity(session: Session, entity_id: int) -> list[str]:
    """Return the tags of an entity, in order."""
    return sorted(component.tag for component in ecs.get_components(session, entity_id, TagComponent))


def count_tags(session: Session) -> dict[str, int]:
    """Return how many assets have each tag, by tag."""
    tag = TagComponent.tag
    return dict(session.execute(select(tag, func.count()).group_by(tag).order_by(tag)).all())


def checked_tag(tag: str) -> str:
    """Return a tag without white space around it, in Unicode's composed form (NFC).

    Raises:
        UsageError: it is empty, too long, or has commas or control characters.

    """
    tag = unicodedata.normalize("NFC", tag.strip())
    if not tag:
        raise UsageError("a tag must not be empty")
    if len(tag) > TAG_LENGTH:
        raise UsageError(f"a tag has at most {TAG_LENGTH} characters, this one has {len(tag)}")
    if "," in tag or any(unicodedata.category(character) in ("Cc", "Cs") for character in tag):
        raise UsageError(f"tag {tag!r}: a tag has no commas and no control characters")
    return tag


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags in order, each once; UsageError when one is no tag."""
    return list(dict.fromkeys(checked_tag(tag) for tag in tags))
