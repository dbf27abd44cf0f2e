"""Verify a library: compare the store with the database, and optionally every byte with its digest.

Assets and blobs are read in pages, so memory does not grow with the library.
"""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from dam.core.errors import InputError, StoreError
from dam.media.files.digests import digests_of
from dam.media.files.source import chunks, open_source
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.source_paths import recorded_paths
from dam.services.library import Library
from dam.storage.modes import REFERENCE_STORAGE

PAGE = 500
NOT_THERE = "its blob is not in the store"


class Problem(StrEnum):
    """Kinds of damage."""

    MISSING = "missing"
    """The content of an asset is missing."""
    ALTERED = "altered"
    """The content differs from the recorded digest."""
    ORPHANED = "orphaned"
    """A blob without an asset, left by a killed ingest. The next ingest of the same content adopts it."""
    DANGLING = "dangling"
    """An asset without digest, location or properties, or whose location contradicts its digest."""


@dataclass(frozen=True)
class Finding:
    """A problem, with the content, asset and original filename that it concerns."""

    problem: Problem
    detail: str
    sha256: str | None = None
    entity_id: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class IntactAsset:
    """An asset whose content is intact; `size` is in bytes."""

    entity_id: int
    size: int


@dataclass(frozen=True)
class _Place:
    """The recorded location of an asset's content."""

    entity_id: int
    sha256: str | None
    size: int | None
    name: str | None
    identifier: str
    storage_type: str


def verify(
    library: Library, *, content: bool = False, threads: int = 1
) -> Generator[Finding | IntactAsset, None, None]:
    """Compare the store with the database; yield problems and intact assets. With `content`, read all bytes."""
    yield from _dangling(library)
    with ThreadPoolExecutor(max(threads, 1)) as executor:
        for places in _pages(library):
            yield from executor.map(partial(_check, library, content=content), places)
    yield from _orphaned(library)


def _pages(library: Library) -> Iterator[list[_Place]]:
    """Yield all locations in pages."""
    location, sha256, properties = FileLocationComponent, ContentHashSha256Component, FilePropertiesComponent
    statement = (
        select(
            location.entity_id,
            sha256.hash_value,
            properties.file_size_bytes,
            properties.original_filename,
            location.file_identifier,
            location.storage_type,
        )
        .outerjoin(sha256, sha256.entity_id == location.entity_id)
        .outerjoin(properties, properties.entity_id == location.entity_id)
        .where((location.storage_type != REFERENCE_STORAGE) | ~_stored_too())
        .order_by(location.id)
        .limit(PAGE)
    )
    last = 0
    while True:
        with library.read() as session:
            rows = session.execute(statement.add_columns(location.id).where(location.id > last)).all()
        if not rows:
            return
        last = rows[-1][-1]
        yield [_Place(*row[:-1]) for row in rows]


def _stored_too() -> ColumnElement[bool]:
    """Return whether the asset of a location is also stored; then its reference need not be valid."""
    location, other = FileLocationComponent, aliased(FileLocationComponent)
    return (
        select(other.id)
        .where(other.entity_id == location.entity_id, other.storage_type != REFERENCE_STORAGE)
        .correlate(location)
        .exists()
    )


def _check(library: Library, place: _Place, *, content: bool) -> Finding | IntactAsset:
    found = partial(Finding, sha256=place.identifier, entity_id=place.entity_id, name=place.name)
    if place.sha256 != place.identifier or place.size is None:
        return found(Problem.DANGLING, "its location and its digest contradict each other")
    if place.storage_type == REFERENCE_STORAGE:
        return _check_sources(library, place, content=content)
    try:
        detail = _compare_blob(library, place, content=content)
    except (StoreError, OSError) as exc:
        detail = f"its blob cannot be read: {exc}"
    if detail is None:
        return IntactAsset(place.entity_id, place.size)
    return found(Problem.MISSING if detail == NOT_THERE else Problem.ALTERED, detail)


def _compare_blob(library: Library, place: _Place, *, content: bool) -> str | None:
    """Return what is wrong with a blob; None if it is intact."""
    size = library.store.size(place.identifier)
    if size is None:
        return NOT_THERE
    if size != place.size:
        return f"its blob has {size} bytes instead of {place.size}"
    if content:
        with library.store.open(place.identifier) as file:
            if digests_of(chunks(file)).sha256 != place.identifier:
                return "the content of its blob does not match its digest"
    return None


def _check_sources(library: Library, place: _Place, *, content: bool) -> Finding | IntactAsset:
    """Check an asset that is only referenced: one of its source paths must still have the content."""
    with library.read() as session:
        paths = recorded_paths(session, place.entity_id)
    found = partial(Finding, sha256=place.identifier, entity_id=place.entity_id, name=place.name)
    problem = found(Problem.MISSING, "it is referenced, and none of its source paths exists any more")
    for path in paths:
        try:
            if Path(path).stat().st_size == place.size and (not content or _digest(path) == place.identifier):
                return IntactAsset(place.entity_id, place.size)
            problem = found(Problem.ALTERED, f"it is referenced, and the content of {path} has changed")
        except (InputError, OSError):
            continue
    return problem


def _digest(path: str) -> str:
    with open_source(path) as (file, _):
        return digests_of(chunks(file)).sha256


def _dangling(library: Library) -> Iterator[Finding]:
    """Find entities that lack a required component."""
    for kind in (ContentHashSha256Component, FileLocationComponent, FilePropertiesComponent):
        with library.read() as session:
            ids = session.scalars(ecs.entities_with(without=[kind])).all()
        for entity_id in ids:
            yield Finding(Problem.DANGLING, f"it has no {kind.component_name()}", entity_id=entity_id)


def _orphaned(library: Library) -> Iterator[Finding]:
    """Find blobs without an asset. They are checked twice, because an ingest publishes blobs before it writes rows.

    Blobs published since the oldest running ingest began are skipped: their rows may not have been written yet.
    """
    suspects: list[str] = []
    for keys in ecs.batched(library.store.keys()):
        with library.read() as session:
            suspects += _without_owner(session, keys)
    since = library.store.unsettled_since()  # before the second check: an ingest that has ended has written its rows
    for keys in ecs.batched(suspects):
        with library.read() as session:
            for key in _without_owner(session, keys):
                if since is not None and library.store.published_at(key) >= since:
                    continue
                yield Finding(Problem.ORPHANED, "no asset owns this blob", sha256=key)


def _without_owner(session: Session, keys: list[str]) -> list[str]:
    location = FileLocationComponent
    owned = set(
        session.scalars(
            select(location.file_identifier).where(
                location.file_identifier.in_(keys), location.storage_type != REFERENCE_STORAGE
            )
        )
    )
    return [key for key in keys if key not in owned]
