"""The recorded locations of contents, in pages: memory does not grow with the library, and no lock is held between."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.orm import aliased

from dam.core.database import fetched
from dam.models.blob_check import BlobCheck
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.storage.modes import REFERENCE_STORAGE

PAGE = 500

_COLUMNS = (
    FileLocationComponent.entity_id,
    ContentHashSha256Component.hash_value,
    FilePropertiesComponent.file_size_bytes,
    FilePropertiesComponent.original_filename,
    FileLocationComponent.file_identifier,
    FileLocationComponent.storage_type,
)
"""The columns of a `Place`, in the order of its fields."""


@dataclass(frozen=True)
class Place:
    """The recorded location of an asset's content."""

    entity_id: int
    sha256: str | None
    size: int | None
    name: str | None
    identifier: str
    storage_type: str

    @property
    def is_referenced(self) -> bool:
        """Whether the content is only at its source."""
        return self.storage_type == REFERENCE_STORAGE

    @property
    def is_consistent(self) -> bool:
        """Whether the location, the digest and the properties belong together."""
        return self.sha256 == self.identifier and self.size is not None


def places(library: Library) -> Iterator[Place]:
    """Yield all locations, by age."""
    location = FileLocationComponent
    return _pages(library, _places().where(_counts()), location.id)


def oldest_check_first(library: Library, store_id: int, now: datetime) -> Iterator[Place]:
    """Yield all locations: those never checked by age, those checked before `now` by that time, then references.

    A verification that stops early thus goes on, the next time, with what it has not come to.
    """
    location, check, sha256 = FileLocationComponent, BlobCheck, ContentHashSha256Component
    is_checked = and_(check.store_id == store_id, check.sha256 == sha256.hash_value)
    stored = location.storage_type != REFERENCE_STORAGE
    never = _places().where(stored, ~select(check.sha256).where(is_checked).exists())
    yield from _pages(library, never, location.id)
    checked = (
        select(*_COLUMNS)
        .select_from(check)  # first, so that its index gives the order
        .join(sha256, check.sha256 == sha256.hash_value)
        .join(location, location.entity_id == sha256.entity_id)
        .outerjoin(FilePropertiesComponent, FilePropertiesComponent.entity_id == sha256.entity_id)
        .where(check.store_id == store_id, check.checked_at < now, stored)
    )
    yield from _pages(library, checked, check.checked_at, check.sha256)
    yield from _pages(library, _places().where(~stored, _counts()), location.id)


def places_of(library: Library, sha256s: Iterable[str]) -> list[Place]:
    """Return the locations of some contents."""
    location, found = FileLocationComponent, []
    for some in ecs.batched(sha256s):
        statement = _places().where(location.file_identifier.in_(some), _counts()).order_by(location.id)
        with library.peek() as connection:
            found += [Place(*row) for row in fetched(connection.execute(statement).all)]
    return found


def _places() -> Any:
    location, sha256, properties = FileLocationComponent, ContentHashSha256Component, FilePropertiesComponent
    return (
        select(*_COLUMNS)
        .select_from(location)
        .outerjoin(sha256, sha256.entity_id == location.entity_id)
        .outerjoin(properties, properties.entity_id == location.entity_id)
    )


def _pages(library: Library, statement: Any, *order: Any) -> Iterator[Place]:
    """Yield what a statement selects, a page at a time, each after the last row of the page before."""
    paged = statement.add_columns(*order).order_by(*order).limit(PAGE)
    after: tuple[Any, ...] | None = None
    while True:
        with library.peek() as connection:
            page = connection.execute(paged if after is None else paged.where(tuple_(*order) > after))
            rows = fetched(page.all)
        if not rows:
            return
        after = tuple(rows[-1][-len(order) :])
        yield from (Place(*row[: -len(order)]) for row in rows)


def _counts() -> ColumnElement[bool]:
    """Return whether a location counts: a reference does not, where the asset is also stored."""
    location, other = FileLocationComponent, aliased(FileLocationComponent)
    stored_too = (
        select(other.id)
        .where(other.entity_id == location.entity_id, other.storage_type != REFERENCE_STORAGE)
        .correlate(location)
        .exists()
    )
    return (location.storage_type != REFERENCE_STORAGE) | ~stored_too
