"""Import keywords of images as tags."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from dam.core.errors import UsageError
from dam.models.description_component import DescriptionComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.operations import Recorder
from dam.services.catalogue.tags import checked_tag, write_tags


def import_keywords(recorder: Recorder, entity_ids: Iterable[int]) -> None:
    """Add the keywords of entities as tags, as part of an operation."""
    table = DescriptionComponent
    for some in ecs.batched(entity_ids):
        rows = recorder.session.execute(
            select(table.entity_id, table.keywords, table.hierarchies).where(
                table.entity_id.in_(some), table.keywords.is_not(None) | table.hierarchies.is_not(None)
            )
        )
        for entity_id, keywords, hierarchies in rows.all():
            tags = dict.fromkeys(_tag(word) for word in _words(keywords or (), hierarchies or ()))
            write_tags(recorder, [entity_id], [tag for tag in tags if tag])


def _words(keywords: Iterable[str], hierarchies: Iterable[str]) -> Iterator[str]:
    """Yield `place/italy/rome` for hierarchical keywords, then the keywords that are no part of one."""
    paths = [[part.strip() for part in path.split("|") if part.strip()] for path in hierarchies]
    yield from ("/".join(path) for path in paths)
    parts = {part for path in paths for part in path}
    yield from (word for word in keywords if word not in parts)


def _tag(keyword: str) -> str | None:
    """Return a keyword as a valid tag, without commas; None if that is impossible."""
    try:
        return checked_tag(" ".join(keyword.replace(",", " ").split()))
    except UsageError:
        return None
