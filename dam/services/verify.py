"""Verifying the library: the store against the database, and on request every byte against its digest.

Both are read in the order of the digests, side by side: memory does not grow with the library.
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
    """What can be wrong."""

    MISSING = "missing"
    """An asset's bytes are nowhere where they should be."""
    ALTERED = "altered"
    """The bytes are not those that the asset was made of."""
    ORPHANED = "orphaned"
    """A blob that no asset owns: what an ingest left that was killed, and the next one of that content adopts."""
    DANGLING = "dangling"
    """An asset without digest, place or properties, or a place that contradicts the digest."""


@dataclass(frozen=True)
class Finding:
    """Something wrong: with which content, of which asset (and the name under which it came in), and how."""

    problem: Problem
    detail: str
    sha256: str | None = None
    entity_id: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class IntactAsset:
    """An asset whose bytes are as they should be; `size` of them."""

    entity_id: int
    size: int


@dataclass(frozen=True)
class _Place:
    """Where an asset's bytes should be."""

    entity_id: int
    sha256: str | None
    size: int | None
    name: str | None
    identifier: str
    storage_type: str


def verify(
    library: Library, *, content: bool = False, threads: int = 1
) -> Generator[Finding | IntactAsset, None, None]:
    """Compare the store with the database; yield what is wrong and what is sound. With `content`, read all bytes."""
    yield from _dangling(library)
    with ThreadPoolExecutor(max(threads, 1)) as executor:
        for places in _pages(library):
            yield from executor.map(partial(_check, library, content=content), places)
    yield from _orphaned(library)


def _pages(library: Library) -> Iterator[list[_Place]]:
    """Yield all places by identifier, some at a time."""
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
    """Whether a place's asset has another place in a store: then it need not be where it is referenced."""
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
        return found(Problem.DANGLING, "its place and its digest contradict each other")
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
    """Return what is wrong with a blob, if anything."""
    size = library.store.size(place.identifier)
    if size is None:
        return NOT_THERE
    if size != place.size:
        return f"its blob has {size} bytes instead of {place.size}"
    if content:
        with library.store.open(place.identifier) as file:
            if digests_of(chunks(file)).sha256 != place.identifier:
                return "its blob has other bytes than its digest says"
    return None


def _check_sources(library: Library, place: _Place, *, content: bool) -> Finding | IntactAsset:
    """Check an asset that is only referenced: one of the paths that it came from must still have it."""
    with library.read() as session:
        paths = recorded_paths(session, place.entity_id)
    found = partial(Finding, sha256=place.identifier, entity_id=place.entity_id, name=place.name)
    problem = found(Problem.MISSING, "it is referenced, and at none of its paths any more")
    for path in paths:
        try:
            if Path(path).stat().st_size == place.size and (not content or _digest(path) == place.identifier):
                return IntactAsset(place.entity_id, place.size)
            problem = found(Problem.ALTERED, f"it is referenced, and {path} has another content")
        except (InputError, OSError):
            continue
    return problem


def _digest(path: str) -> str:
    with open_source(path) as (file, _):
        return digests_of(chunks(file)).sha256


def _dangling(library: Library) -> Iterator[Finding]:
    """Find entities that are not all that an asset is."""
    for kind in (ContentHashSha256Component, FileLocationComponent, FilePropertiesComponent):
        with library.read() as session:
            ids = session.scalars(ecs.entities_with(without=[kind])).all()
        for entity_id in ids:
            yield Finding(Problem.DANGLING, f"it has no {kind.component_name()}", entity_id=entity_id)


def _orphaned(library: Library) -> Iterator[Finding]:
    """Find blobs that no asset owns, also at a second look: an ingest meanwhile publishes before it writes.

    What was published since the oldest ingest under way began may be of a batch that is not written yet.
    """
    suspects: list[str] = []
    for keys in ecs.batched(library.store.keys()):
        with library.read() as session:
            suspects += _without_owner(session, keys)
    since = library.store.unsettled_since()  # before the second look: who has ended by now has written its rows
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
