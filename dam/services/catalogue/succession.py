"""Content that was replaced by another program: the new asset takes over what the user said of the old one.

Programs that edit the metadata of a photo rewrite its file: other bytes, and so another asset. Nothing is deleted, and
nothing is taken from the old asset: it is marked as replaced, and is no duplicate to review.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.models import component_classes
from dam.models.base_component import BaseComponent
from dam.models.base_pair import BasePair
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.models.image_pixel_digest_component import ImagePixelDigestComponent
from dam.models.replaced_component import ReplacedComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.catalogue.content import is_as_recorded
from dam.services.catalogue.pairs import compare_again, forget_links
from dam.services.components import ecs
from dam.services.components.operations import Recorder

Replacement: TypeAlias = tuple[int, int]
"""Two entities: the old content of a path, and the new one."""

Rows: TypeAlias = list[dict[str, Any]]


def user_said() -> list[type[BaseComponent]]:
    """Return the components that hold what the user said of an asset, and not what became of the asset itself."""
    states = (ReplacedComponent, TrashedComponent)
    return [kind for kind in component_classes() if kind.IS_USER_DATA and kind not in states]


def take_over(recorder: Recorder, replacements: Sequence[Replacement], *, follow: bool = False) -> set[Replacement]:
    """Let new assets take over what the user said of those that they replace, as part of an operation.

    That is done where both have the same picture, or with `follow` whatever they have, and no other source has the old
    content. What the new asset has already stays as it is. Return the replacements that took place.
    """
    session = recorder.session
    taken = set(replacements) if follow else _same_pictures(session, replacements)
    there = _still_at_a_source(session, {old for old, _ in taken})
    taken = {pair for pair in taken if pair[0] not in there}
    successors: dict[int, list[int]] = defaultdict(list)
    for old, new in sorted(taken):
        successors[old].append(new)
    for kind in user_said() if taken else ():
        if issubclass(kind, BasePair):
            _copy_pairs(recorder, kind, successors)
        else:
            _copy(recorder, kind, successors)
    recorder.insert(ReplacedComponent, [{"entity_id": old, "by_entity_id": new} for old, new in sorted(taken)])
    return taken


def _same_pictures(session: Session, replacements: Sequence[Replacement]) -> set[Replacement]:
    """Return the replacements in which both have the same compressed picture, or the same pixels."""
    ids = {entity_id for pair in replacements for entity_id in pair}
    same: set[Replacement] = set()
    for table in (ImageDataDigestComponent, ImagePixelDigestComponent):
        digests: dict[int, str | None] = {}
        for some in ecs.batched(ids):
            rows = session.execute(select(table.entity_id, table.digest).where(table.entity_id.in_(some)))
            digests.update((entity_id, digest) for entity_id, digest in rows)
        same |= {(old, new) for old, new in replacements if digests.get(old) and digests.get(old) == digests.get(new)}
    return same


def _still_at_a_source(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return those of some assets whose content a source has, as far as its recorded state tells."""
    table = SourcePathComponent
    found: set[int] = set()
    for some in ecs.batched(entity_ids):
        sources = session.scalars(select(table).where(table.entity_id.in_(some))).all()
        latest: dict[bytes, int] = {}
        for digests in ecs.batched(source.path_digest for source in sources):
            rows = session.execute(
                select(table.path_digest, table.entity_id)
                .where(table.path_digest.in_(digests))
                .order_by(table.updated_at, table.id)
            )
            latest.update((digest, entity_id) for digest, entity_id in rows)
        current = [source for source in sources if latest[source.path_digest] == source.entity_id]
        found.update(source.entity_id for source in current if is_as_recorded(source))
    return found


def _copy(recorder: Recorder, kind: type[BaseComponent], successors: Mapping[int, Sequence[int]]) -> None:
    rows = _rows(recorder.session, kind, kind.entity_id, successors)
    recorder.insert(kind, [row | {"entity_id": new} for row in rows for new in successors[row["entity_id"]]])


def _copy_pairs(recorder: Recorder, kind: type[BasePair], successors: Mapping[int, Sequence[int]]) -> None:
    """Copy what was said of pairs; where both of a pair were replaced, also to the pair of those that replace them."""
    session = recorder.session
    rows = _rows(session, kind, kind.entity_id, successors) + _rows(session, kind, kind.other_entity_id, successors)
    copies: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        one, other = row["entity_id"], row["other_entity_id"]
        for first in (one, *successors.get(one, ())):
            for second in (other, *successors.get(other, ())):
                if first != second:
                    low, high = sorted((first, second))
                    copies[low, high] = row | {"entity_id": low, "other_entity_id": high}
    added = recorder.insert(kind, copies.values())
    for row in added:
        forget_links(session, (row["entity_id"], row["other_entity_id"]))
    compare_again(session, {row[end] for row in added for end in ("entity_id", "other_entity_id")})


def _rows(session: Session, kind: type[BaseComponent], column: Any, entity_ids: Iterable[int]) -> Rows:
    """Return the rows with some entities in a column, without ids and times of their own."""
    columns = [kind.entity_id, *(getattr(kind, name) for name in ecs.own_columns(kind))]
    found: Rows = []
    for some in ecs.batched(entity_ids):
        found += [dict(row) for row in session.execute(select(*columns).where(column.in_(some))).mappings()]
    return found
