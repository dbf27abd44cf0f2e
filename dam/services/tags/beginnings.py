"""Tags by their first characters."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.folding import folded
from dam.models.tag_component import TagComponent

HIGHEST = "\U0010ffff"


def tags_beginning(session: Session, beginning: str, limit: int) -> list[str]:
    """Return the tags that begin with some characters, in any case; in alphabetical order, at most `limit`."""
    key, tag = TagComponent.tag_key, TagComponent.tag
    low = folded(beginning)
    statement = select(tag).where(key >= low, key < low + HIGHEST).group_by(key, tag).order_by(key, tag)
    return [*session.scalars(statement.limit(limit))]
