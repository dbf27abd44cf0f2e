"""Count the assets with each tag."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.core.folding import folded
from dam.models.tag_component import TagComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.catalogue.tag_hierarchy import is_at_or_below
from dam.services.catalogue.trashed import is_present
from dam.services.tags.rules import above


@dataclass(frozen=True)
class TagCounts:
    """Numbers of assets that are not in the trash, by tag, in the order of the tags without case."""

    of_tag: dict[str, int] = field(default_factory=dict)
    """With the very tag."""
    with_below: dict[str, int] = field(default_factory=dict)
    """With the tag or any below it; only for those that have tags below them, also if no asset has them themselves."""


def count_tags(session: Session, base: str | None = None) -> dict[str, int]:
    """Return the number of assets with each tag, sorted by tag without case; with `base`, of that and those below it.

    Assets in the trash do not count. They are subtracted: a condition on all rows would take the index on tags away
    from the count.
    """
    key, counted = TagComponent.tag_key, func.count()
    grouped = select(key, func.min(TagComponent.tag), counted).group_by(key).order_by(key)
    of_trash = select(key, counted).join(TrashedComponent, TrashedComponent.entity_id == TagComponent.entity_id)
    of_trash = of_trash.group_by(key)
    if base is not None:
        grouped, of_trash = grouped.where(is_at_or_below(base)), of_trash.where(is_at_or_below(base))
    trashed = dict(session.execute(of_trash).all())
    rows = session.execute(grouped)
    return {tag: left for found, tag, count in rows if (left := count - trashed.get(found, 0))}


def count_hierarchy(session: Session, base: str | None = None) -> TagCounts:
    """Return what `count_tags` does, and the numbers with the tags below."""
    counts = count_tags(session, base)
    below: dict[str, list[str]] = defaultdict(list)
    spelled = {folded(tag): tag for tag in counts}
    for tag in counts:
        for parent in above(tag):
            spelled.setdefault(folded(parent), parent)
            below[folded(parent)].append(tag)
    inside = [key for key in sorted(below) if base is None or key == folded(base) or key.startswith(folded(base) + "/")]
    return TagCounts(counts, {spelled[key]: _count_below(session, key, below[key], counts) for key in inside})


def _count_below(session: Session, key: str, below: list[str], counts: dict[str, int]) -> int:
    """Return the number of assets with a tag or one below it: an asset may have several of these."""
    if len(below) == 1 and all(folded(tag) != key for tag in counts):
        return counts[below[0]]
    table = TagComponent
    wanted = select(func.count(table.entity_id.distinct())).where(is_at_or_below(key), is_present(table.entity_id))
    return session.scalar(wanted) or 0


def tags_beginning(session: Session, beginning: str, limit: int) -> list[str]:
    """Return the first tags that begin with a text, whatever its case, in the order of their keys."""
    key = TagComponent.tag_key
    wanted = select(func.min(TagComponent.tag)).where(key >= folded(beginning)).group_by(key).order_by(key).limit(limit)
    return [tag for tag in session.scalars(wanted) if folded(tag).startswith(folded(beginning))]
