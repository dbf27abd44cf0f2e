"""Tags: words that the user puts on assets."""

import unicodedata
from collections.abc import Callable, Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UsageError
from dam.models.entity import Entity
from dam.models.tag_component import TagComponent
from dam.services.catalogue import ecs

TAG_LENGTH = 255


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


def change_tags(
    session: Session, entity_id: int, tags: Iterable[str], change: Callable[[Session, int, str], bool]
) -> list[str]:
    """Put tags on an asset, or take them off; return those that it has then.

    `change` is `add_tag_to_entity` or `remove_tag_from_entity`.

    Raises:
        NotFoundError: there is no such entity.
        UsageError: a text is not a valid tag; nothing has been changed then.

    """
    for tag in checked_tags(tags):
        change(session, entity_id, tag)
    return get_tags_for_entity(session, entity_id)


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


def write_tags(session: Session, entity_ids: Iterable[int], tags: Iterable[str]) -> None:
    """Put every tag on every entity; those that are there stay."""
    rows = [{"entity_id": entity_id, "tag": tag} for entity_id in entity_ids for tag in tags]
    ecs.put_rows(session, TagComponent, rows)
