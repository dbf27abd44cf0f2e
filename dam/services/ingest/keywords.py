"""Import keywords of images as tags."""

from collections.abc import Iterable

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
            select(table.entity_id, table.keywords).where(table.entity_id.in_(some), table.keywords.is_not(None))
        )
        for entity_id, keywords in rows.all():
            tags = dict.fromkeys(_tag(word) for word in keywords or ())
            write_tags(recorder, [entity_id], [tag for tag in tags if tag])


def _tag(keyword: str) -> str | None:
    """Return a keyword as a valid tag, without commas; None if that is impossible."""
    try:
        return checked_tag(" ".join(keyword.replace(",", " ").split()))
    except UsageError:
        return None
