"""Add, remove and list the tags of assets."""

from collections.abc import Iterable, Sequence
from itertools import product

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dam.core.folding import folded
from dam.models.tag_component import TagComponent
from dam.services.catalogue.lookup import require_entities
from dam.services.catalogue.tag_hierarchy import is_below
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.tags.names import SEPARATOR, checked_tags, written_tag
from dam.services.tags.rules import Rules, above, load_rules

PAGE = 10_000
"""Number of rows that are written together."""


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
    require_entities(session, entity_ids)
    return write_tags(Recorder(session, "tag"), entity_ids, checked)


def remove_tags(session: Session, entity_ids: Sequence[int], tags: Iterable[str]) -> int:
    """Remove all tags from all entities, as one operation; return how many there were.

    Of an alias, also the tag that it stands for is removed; what is below a tag, and what it implies, stays.

    Raises:
        UsageError: a tag is invalid.

    """
    recorder, rules = Recorder(session, "tag"), load_rules(session)
    written = [written_tag(tag) for tag in tags]
    keys = dict.fromkeys(folded(each) for tag in written for each in (tag, rules.resolved(tag)))
    rows = ({"entity_id": entity_id, "tag_key": key} for entity_id, key in product(entity_ids, keys))
    return sum(len(recorder.delete_keys(TagComponent, some)) for some in ecs.batched(rows, PAGE))


def get_tags_for_entity(session: Session, entity_id: int) -> list[str]:
    """Return the tags of an entity, sorted."""
    return sorted(component.tag for component in ecs.get_components(session, entity_id, TagComponent))


def write_tags(recorder: Recorder, entity_ids: Iterable[int], tags: Iterable[str]) -> int:
    """Add all tags to all entities, as part of an operation; return how many are new. Idempotent."""
    checked = list(tags)
    return write_pairs(recorder, product(entity_ids, checked)) if checked else 0


def write_pairs(recorder: Recorder, pairs: Iterable[tuple[int, str]]) -> int:
    """Add tags to entities, each pair an entity and a valid tag, as part of an operation; return how many are new."""
    written = _Written(recorder.session)
    return sum(
        len(
            recorder.insert(
                TagComponent, [{"entity_id": entity_id} | row for entity_id, tag in some for row in written[tag]]
            )
        )
        for some in ecs.batched(pairs, PAGE)
    )


class _Written:
    """How tags are written: with the rules applied, and each as it was first spelled in the library."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rules: Rules | None = None
        self._of_tag: dict[str, list[dict[str, str]]] = {}
        self._spelled: dict[str, str] = {}

    def __getitem__(self, tag: str) -> list[dict[str, str]]:
        """Return the tags that are added with a tag, as the columns of rows."""
        if tag not in self._of_tag:
            self._rules = self._rules or load_rules(self._session)
            self._of_tag[tag] = [self._row(each) for each in self._rules.applied(tag)]
        return self._of_tag[tag]

    def _row(self, tag: str) -> dict[str, str]:
        key = folded(tag)
        if key not in self._spelled:
            self._spelled[key] = self._first_spelling(tag)
        return {"tag": self._spelled[key], "tag_key": key}

    def _first_spelling(self, tag: str) -> str:
        """Return a tag with the levels that the library has, as these are spelled there."""
        for level in (tag, *above(tag)):
            if (there := self._one(TagComponent.tag_key == folded(level)) or self._one(is_below(level))) is not None:
                count = level.count(SEPARATOR) + 1
                return SEPARATOR.join([*there.split(SEPARATOR)[:count], *tag.split(SEPARATOR)[count:]])
        return tag

    def _one(self, where: ColumnElement[bool]) -> str | None:
        order = (TagComponent.tag_key, TagComponent.tag)  # as in the index
        return self._session.scalar(select(TagComponent.tag).where(where).order_by(*order).limit(1))
