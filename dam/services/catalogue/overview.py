"""An asset with what is true of it now: its content, its sources, its relatives by name."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import StoreError, UsageError
from dam.media.kinds import Kind, kind_of
from dam.media.metadata.sidecar import is_sidecar, subject_path, subject_paths
from dam.models.base_component import BaseComponent
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.catalogue.description import Description, describe
from dam.services.library import Library
from dam.services.sources.recorded_files import files_in
from dam.services.sources.source_states import CheckedSource, check_sources

MAX_NAMED = 100
"""Maximum number of relatives whose names are looked up."""

C = TypeVar("C", bound=BaseComponent)


class ContentState(StrEnum):
    """Where the content of an asset is now, by the size of its blob; `verify --content` reads it."""

    STORED = "stored"
    MISSING = "missing"
    DAMAGED = "damaged"
    """The blob has another size."""
    REFERENCED = "referenced"
    """It is only at its sources."""


@dataclass(frozen=True)
class Overview:
    """An asset, the state of its content and of its sources, and the names of its relatives by id."""

    description: Description
    content: ContentState
    sources: Sequence[CheckedSource]
    names: Mapping[int, str]
    subjects: Sequence[int] = ()
    """Of a sidecar: the assets at the paths that its name refers to."""


def overview(library: Library, reference: str) -> Overview:
    """Return what is known of the asset that a user means; see `describe` for what is raised."""
    with library.read() as session:
        described = describe(session, reference)
        subjects = _subjects(session, described.components)
        related = [*subjects, *described.replaces, *(relative.entity_id for relative in described.relatives)]
        names = _names(session, islice(related, MAX_NAMED))
    sources = check_sources(library, [described.entity_id])[described.entity_id]
    return Overview(described, _content(library, described.components), sources, names, subjects)


def _subjects(session: Session, components: Sequence[BaseComponent]) -> list[int]:
    if not any(kind_of(each.media_type) is Kind.SIDECAR for each in _of(components, FilePropertiesComponent)):
        return []
    sidecars = [os.fsdecode(source.path) for source in _of(components, SourcePathComponent)]
    about = {subject_path(path) for path in sidecars}
    beside = [each for folder in {os.path.dirname(path) for path in sidecars} for each in files_in(session, folder)]
    found = (
        entity_id for path, entity_id in beside if not about.isdisjoint(subject_paths(path)) and not is_sidecar(path)
    )
    return sorted(set(found))


def _names(session: Session, entity_ids: Iterable[int]) -> dict[int, str]:
    table = FilePropertiesComponent
    rows = session.execute(select(table.entity_id, table.original_filename).where(table.entity_id.in_(entity_ids)))
    return dict(rows.tuples().all())


def _content(library: Library, components: Sequence[BaseComponent]) -> ContentState:
    """Return the state of a content. Rows that contradict each other, as in a damaged database, are no content."""
    places = [each.storage_type for each in _of(components, FileLocationComponent)]
    if places and library.store.storage_type not in places:
        return ContentState.REFERENCED
    sha256 = next((each.hash_value for each in _of(components, ContentHashSha256Component)), "")
    recorded = next((each.file_size_bytes for each in _of(components, FilePropertiesComponent)), None)
    try:
        size = library.store.size(sha256)
    except (StoreError, UsageError):
        return ContentState.MISSING
    if size is None:
        return ContentState.MISSING
    return ContentState.STORED if size == recorded else ContentState.DAMAGED


def _of(components: Sequence[BaseComponent], kind: type[C]) -> list[C]:
    return [each for each in components if isinstance(each, kind)]
