"""Rank duplicates by the rules that choose the asset to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dam.core.errors import UsageError
from dam.models.base_component import BaseComponent
from dam.models.dimensions_component import DimensionsComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.tag_component import TagComponent
from dam.services.components import ecs
from dam.services.duplicates.rules import DEFAULT_RULES, Rule

Ids: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class _Source:
    """The column of a rule's values, and whether the greatest value is kept."""

    table: type[BaseComponent]
    values: ColumnElement[Any]
    greatest: bool
    absent: int = 0
    """The value of an asset that has none."""


def read_rules(text: str) -> tuple[Rule, ...]:
    """Return the rules in a comma-separated list, followed by the default rules.

    Raises:
        UsageError: a rule is unknown.

    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in list(Rule)]
    if unknown:
        raise UsageError(f"--keep: {unknown[0]!r} is not a rule; the rules are {', '.join(Rule)}")
    return tuple(dict.fromkeys([*map(Rule, names), *DEFAULT_RULES]))


def rank_by_rules(session: Session, entity_ids: Ids, rules: Sequence[Rule]) -> Ids:
    """Return the entities in order of rank, the best first. `entity_ids` are ascending."""
    columns = [_values(session, entity_ids, rule) for rule in dict.fromkeys([*rules, Rule.LOWEST_ID])]
    order: Ids = np.lexsort(columns[::-1])
    return entity_ids[order]


def _values(session: Session, entity_ids: Ids, rule: Rule) -> Ids:
    """Return a number for each entity; the lowest is kept."""
    if rule in (Rule.LOWEST_ID, Rule.HIGHEST_ID):
        return entity_ids if rule is Rule.LOWEST_ID else -entity_ids
    source = _sources()[rule]
    found = np.full(len(entity_ids), source.absent, np.int64)
    wanted = select(source.table.entity_id, source.values).group_by(source.table.entity_id)
    for some in ecs.batched(entity_ids.tolist()):
        rows = session.execute(wanted.where(source.table.entity_id.in_(some))).all()
        if rows:
            ids, numbers = np.array([tuple(row) for row in rows], np.int64).T
            found[np.searchsorted(entity_ids, ids)] = numbers
    return -found if source.greatest else found


def _sources() -> dict[Rule, _Source]:
    size, file, source, tag = DimensionsComponent, FilePropertiesComponent, SourcePathComponent, TagComponent
    pixels, octets = func.max(size.width * size.height), func.max(file.file_size_bytes)
    moment = func.min(source.mtime_ns)
    last = int(np.iinfo(np.int64).max)
    return {
        Rule.MOST_PIXELS: _Source(size, pixels, greatest=True),
        Rule.FEWEST_PIXELS: _Source(size, pixels, greatest=False, absent=last),
        Rule.LARGEST_FILE: _Source(file, octets, greatest=True),
        Rule.SMALLEST_FILE: _Source(file, octets, greatest=False, absent=last),
        Rule.OLDEST: _Source(source, moment, greatest=False, absent=last),
        Rule.NEWEST: _Source(source, moment, greatest=True),
        Rule.MOST_TAGS: _Source(tag, func.count(tag.id), greatest=True),
    }
