"""Count the assets with each tag."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.models.tag_component import TagComponent
from dam.models.trashed_component import TrashedComponent


def count_tags(session: Session) -> dict[str, int]:
    """Return the number of assets with each tag, sorted by tag without case; those in the trash do not count.

    They are subtracted: a condition on all rows would take the index on tags away from the count.
    """
    key, counted = TagComponent.tag_key, func.count()
    grouped = select(key, func.min(TagComponent.tag), counted).group_by(key).order_by(key)
    rows = {found: (tag, count) for found, tag, count in session.execute(grouped)}
    of_trash = select(key, counted).join(TrashedComponent, TrashedComponent.entity_id == TagComponent.entity_id)
    trashed = dict(session.execute(of_trash.group_by(key)).all())
    return {tag: left for found, (tag, count) in rows.items() if (left := count - trashed.get(found, 0))}
