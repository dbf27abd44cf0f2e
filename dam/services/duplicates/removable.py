"""Paths of duplicates that can be removed: only beside an asset to keep that has been read and is intact."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue.assets import Asset
from dam.services.catalogue.content import has_content, is_as_recorded
from dam.services.components import ecs
from dam.services.duplicates.groups import Group
from dam.services.library import Library

PAGE = 100

Sources = Mapping[int, Sequence[SourcePathComponent]]


@dataclass(frozen=True)
class Removable:
    """The paths of the duplicates in a group that can be removed; if none can, the `problem` with its keeper."""

    keeper: Asset
    paths: Sequence[str] = ()
    problem: str | None = None


def removable_paths(library: Library, groups: Sequence[Group]) -> Iterator[Removable]:
    """Yield for each group the unchanged source paths of its members; none if its keeper is not intact.

    The keeper's content is read now: in the store, or where it is only referenced, at a source. No path leads to a
    file of the keeper, by whatever name.
    """
    rest = iter(groups)
    while page := list(islice(rest, PAGE)):
        with library.read() as session:
            sources = _sources(session, page)
        for group in page:
            problem = _problem(library, group.keeper, sources)
            paths = [] if problem else _paths(group, sources)
            yield Removable(group.keeper, paths, problem)


def _sources(session: Session, groups: Sequence[Group]) -> Sources:
    """Return the sources of all assets in some groups, by asset."""
    ids = [asset.entity_id for group in groups for asset in (group.keeper, *(each.asset for each in group.members))]
    found: dict[int, list[SourcePathComponent]] = defaultdict(list)
    table = SourcePathComponent
    for some in ecs.batched(ids):
        for source in session.scalars(select(table).where(table.entity_id.in_(some)).order_by(table.id)):
            found[source.entity_id].append(source)
    return found


def _problem(library: Library, keeper: Asset, sources: Sources) -> str | None:
    """Return why the content of an asset is not there to be kept."""
    if keeper.referenced:
        paths = (os.fsdecode(source.path) for source in sources.get(keeper.entity_id, ()))
        return None if any(has_content(path, keeper.sha256) for path in paths) else "no source has its content any more"
    try:
        flaw = library.store.flaw(keeper.sha256, keeper.size, content=True)
    except StoreError as exc:
        return str(exc)
    return f"its blob {flaw.detail}" if flaw else None


def _paths(group: Group, sources: Sources) -> list[str]:
    kept = {_identity(source) for source in sources.get(group.keeper.entity_id, ())} - {None}
    return [
        os.fsdecode(source.path)
        for member in group.members
        for source in sources.get(member.asset.entity_id, ())
        if is_as_recorded(source) and _identity(source) not in kept
    ]


def _identity(source: SourcePathComponent) -> tuple[int, int] | None:
    """Return what tells the file at a path from all others: a hard link or a mount gives it another path."""
    try:
        status = os.stat(source.path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
