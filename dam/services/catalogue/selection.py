"""The assets that a user names: by ids, hashes, paths, folders and tags."""

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

Ids: TypeAlias = NDArray[np.int64]


def select_assets(session: Session, references: Iterable[str], tags: Iterable[str]) -> Ids | None:
    """Return the entities that any of the references means and that have all tags, ascending; None: all there are.

    A folder means all assets that came from below it.

    Raises:
        NotFoundError: a reference means no asset.
        UsageError: it may be several.

    """
    chosen: set[int] | None = None
    for reference in references:
        chosen = (chosen or set()) | _meant(session, reference)
    for tag in tags:
        tagged = set(session.scalars(select(TagComponent.entity_id).where(TagComponent.tag == tag)))
        chosen = tagged if chosen is None else chosen & tagged
    return None if chosen is None else np.array(sorted(chosen), np.int64)


def _meant(session: Session, reference: str) -> set[int]:
    if not os.path.isdir(reference):
        return {find_one_asset(session, reference)}
    below = os.fsencode(os.path.abspath(reference)).rstrip(b"/") + b"/"
    path = SourcePathComponent.path
    found = set(
        session.scalars(
            select(SourcePathComponent.entity_id).where(path >= below, path < below[:-1] + b"0")  # what follows a slash
        )
    )
    if not found:
        raise NotFoundError(f"the library has no asset from below {reference!r}")
    return found
