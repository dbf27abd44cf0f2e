"""Select assets by ids, hashes, paths, folders and tags."""

import os
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError
from dam.models.source_path_component import SourcePathComponent
from dam.models.tag_component import TagComponent
from dam.services.catalogue.lookup import find_one_asset
from dam.services.catalogue.tag_hierarchy import is_at_or_below
from dam.services.catalogue.trashed import is_present

Ids: TypeAlias = NDArray[np.int64]


def select_assets(session: Session, references: Iterable[str], tags: Iterable[str]) -> Ids | None:
    """Return the entities that match any reference and have all tags, ascending; None without references and tags.

    A folder matches all assets with a source below it, and a tag also those with a tag below it.

    Raises:
        NotFoundError: a reference matches no asset.
        UsageError: a reference is ambiguous.

    """
    chosen: set[int] | None = None
    for reference in references:
        chosen = (chosen or set()) | _matching(session, reference)
    for tag in tags:
        tagged = _with_tag(session, tag)
        chosen = tagged if chosen is None else chosen & tagged
    return None if chosen is None else np.array(sorted(chosen), np.int64)


def _with_tag(session: Session, tag: str) -> set[int]:
    entity_id = TagComponent.entity_id
    return set(session.scalars(select(entity_id).where(is_at_or_below(tag), is_present(entity_id))))


def _matching(session: Session, reference: str) -> set[int]:
    if not os.path.isdir(reference):
        return {find_one_asset(session, reference)}
    below = os.fsencode(os.path.abspath(reference)).rstrip(b"/") + b"/"
    path = SourcePathComponent.path
    found = set(
        session.scalars(
            select(SourcePathComponent.entity_id).where(
                path >= below,
                path < below[:-1] + b"0",  # "0" follows "/"
                is_present(SourcePathComponent.entity_id),
            )
        )
    )
    if not found:
        raise NotFoundError(f"the library has no asset with a source below {reference!r}")
    return found
