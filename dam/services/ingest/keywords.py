"""Import keywords of images as tags."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from dam.core.errors import UsageError
from dam.models.description_component import DescriptionComponent
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.tags.names import SEPARATOR, checked_tag
from dam.services.tags.tags import write_pairs


def import_keywords(recorder: Recorder, entity_ids: Iterable[int]) -> None:
    """Add the keywords of entities as tags, as part of an operation."""
    table = DescriptionComponent
    for some in ecs.batched(entity_ids):
        rows = recorder.session.execute(
            select(table.entity_id, table.keywords, table.hierarchies).where(
                table.entity_id.in_(some), table.keywords.is_not(None) | table.hierarchies.is_not(None)
            )
        )
        pairs = [
            (entity_id, _tag(word))
            for entity_id, keywords, hierarchies in rows
            for word in _words(keywords or (), hierarchies or ())
        ]
        write_pairs(recorder, [(entity_id, tag) for entity_id, tag in pairs if tag])


def _words(keywords: Iterable[str], hierarchies: Iterable[str]) -> Iterator[str]:
    """Yield `place/italy/rome` for hierarchical keywords, then the keywords that are no part of one."""
    paths = [[part.strip() for part in path.split("|") if part.strip()] for path in hierarchies]
    yield from ("/".join(path) for path in paths)
    parts = {part for path in paths for part in path}
    yield from (word for word in keywords if word not in parts)


def _tag(keyword: str) -> str | None:
    """Return a keyword as a valid tag, without commas and empty levels; None if that is impossible."""
    words = " ".join(keyword.replace(",", " ").split())
    try:
        return checked_tag(SEPARATOR.join(level for level in words.split(SEPARATOR) if level.strip()))
    except UsageError:
        return None
