"""Add, remove and list the tags of assets."""

import unicodedata
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UsageError
from dam.models.entity import Entity
from dam.models.tag_component import TagComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.operations import Recorder

MAX_TAG_LENGTH = 255


def add_tag_to_entity(session: Session, entity_id: int, tag: str) -> bool:
    """Add a tag to an entity; return whether it is new.

    Raises:
        UsageError: the tag is invalid.
        NotFoundError: there is no such entity.

    """
    return bool(add_tags(session, [entity_id], [tag]))


def remove_tag_from_entity(session: Session, entity_id: int, tag: str) -> bool:
    """Remove a tag from an entity; return whether it had the tag."""
    return bool(remove_tags(session, [entity_id], [tag]))


def add_tags(session: Session, entity_ids: Sequence[int], tags: Iterable[str]) -> int:
    """Add all tags to all entities, as one operation; return how many are new.

    Raises:
        UsageError: a tag is invalid.
        NotFoundError: there is no such entity.

    """
    checked = checked_tags(tags)
    found: set[int] = set()
    for some in ecs.batched(entity_ids):
        found.update(session.scalars(select(Entity.id).where(Entity.id.in_(some))))
    if missing := set(entity_ids) - found:
        raise NotFoundError(f"the library has no entity {min(missing)}")
    return write_tags(Recorder(session, "tag"), entity_ids, checked)


def remove_tags(session: Session, entity_ids: Sequence[int], tags: Iterable[str]) -> int:
    """Remove all tags from all entities, as one operation; return how many there were.

    Raises:
        UsageError: a tag is invalid.

    """
    recorder = Recorder(session, "tag")
    rows = [{"entity_id": entity_id, "tag": tag} for entity_id in entity_ids for tag in checked_tags(tags)]
    return len(recorder.delete_keys(TagComponent, rows))


def get_tags_for_entity(session: Session, entity_id: int) -> list[str]:
    """Return the tags of an entity, sorted."""
    return sorted(component.tag for component in ecs.get_components(session, entity_id, TagComponent))


def count_tags(session: Session) -> dict[str, int]:
    """Return the number of assets with each tag, sorted by tag; those in the trash do not count.

    They are subtracted: a condition on all rows would take the index on tags away from the count.
    """
    tag, counted = TagComponent.tag, func.count()
    counts = dict(session.execute(select(tag, counted).group_by(tag).order_by(tag)).all())
    of_trash = select(tag, counted).join(TrashedComponent, TrashedComponent.entity_id == TagComponent.entity_id)
    for name, count in session.execute(of_trash.group_by(tag)):
        counts[name] -= count
    return {name: count for name, count in counts.items() if count}


def checked_tag(tag: str) -> str:
    """Return a tag without surrounding white space, in Unicode normal form NFC.

    Raises:
        UsageError: the tag is empty, too long, or has commas or control characters.

    """
    tag = unicodedata.normalize("NFC", tag.strip())
    if not tag:
        raise UsageError("a tag must not be empty")
    if len(tag) > MAX_TAG_LENGTH:
        raise UsageError(f"a tag has at most {MAX_TAG_LENGTH} characters, this one has {len(tag)}")
    if "," in tag or any(unicodedata.category(character) in ("Cc", "Cs") for character in tag):
        raise UsageError(f"tag {tag!r}: a tag has no commas and no control characters")
    return tag


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags in order, without repetitions.

    Raises:
        UsageError: a tag is invalid.

    """
    return list(dict.fromkeys(checked_tag(tag) for tag in tags))


def write_tags(recorder: Recorder, entity_ids: Iterable[int], tags: Iterable[str]) -> int:
    """Add all tags to all entities, as part of an operation; return how many are new. Idempotent."""
    checked = list(tags)
    rows = [{"entity_id": entity_id, "tag": tag} for entity_id in entity_ids for tag in checked]
    return len(recorder.insert(TagComponent, rows))
