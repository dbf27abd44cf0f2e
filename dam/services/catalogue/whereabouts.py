"""Where the content of an asset is now: in the store, in its mirrors, and at its sources."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dam.core.errors import StoreError
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.catalogue.content import has_content, only_referenced
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.sources.source_states import CheckedSource, SourceState, check_sources
from dam.storage.blob_store import BlobStore
from dam.storage.flaw import FlawKind

_PROBLEMS = {
    SourceState.GONE: "is gone",
    SourceState.CHANGED: "has changed since",
    SourceState.UNKNOWN: "cannot be looked at",
}


class PlaceKind(StrEnum):
    """What a place is."""

    STORE = "store"
    MIRROR = "mirror"
    SOURCE = "source"


@dataclass(frozen=True)
class PlaceNow:
    """A place where the library has seen the content of an asset."""

    path: str
    kind: PlaceKind
    problem: str | None = None
    """Why it does not hold the content now; None if it does."""


@dataclass(frozen=True)
class Whereabouts:
    """The places of an asset: the store first, then the mirrors, then the sources, oldest first."""

    entity_id: int
    sha256: str
    media_type: str
    places: Sequence[PlaceNow]

    @property
    def name(self) -> str | None:
        """The name of its first source."""
        return next((os.path.basename(place.path) for place in self.places if place.kind is PlaceKind.SOURCE), None)


def whereabouts(
    library: Library, entity_ids: Iterable[int], mirrors: Sequence[BlobStore] = ()
) -> Iterator[Whereabouts]:
    """Yield where the contents of assets are, in the order of the ids; looked up in pages, and checked after that."""
    stores = [(PlaceKind.STORE, library.store), *((PlaceKind.MIRROR, mirror) for mirror in mirrors)]
    for some in ecs.batched(entity_ids):
        with library.read() as session:
            states = {state.entity_id: state for state in states_by_id(session, some)}
            referenced = only_referenced(session, library.store.storage_type, states)
        sources = check_sources(library, states)
        for state in (states[entity_id] for entity_id in some if entity_id in states):
            stored = (
                [] if state.entity_id in referenced else [place for each in stores for place in _stored(*each, state)]
            )
            places = [*stored, *(_place(source, state) for source in sources.get(state.entity_id, []))]
            yield Whereabouts(state.entity_id, state.sha256, state.media_type, places)


def _place(source: CheckedSource, state: AssetState) -> PlaceNow:
    """Return a source as a place; one of the same size and another time is read."""
    problem = _PROBLEMS.get(source.state)
    if source.state is SourceState.CHANGED and _size(source.path) == state.size:
        problem = None if has_content(source.path, state.sha256) else problem
    return PlaceNow(source.path, PlaceKind.SOURCE, problem)


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def _stored(kind: PlaceKind, store: BlobStore, state: AssetState) -> list[PlaceNow]:
    """Return the place in a store, if that has files. A mirror that lacks a blob has perhaps never had it."""
    try:
        path, flaw = store.path(state.sha256), store.flaw(state.sha256, state.size)
    except StoreError as exc:
        return [PlaceNow(state.sha256, kind, str(exc))]
    if flaw and flaw.kind is FlawKind.MISSING and kind is PlaceKind.MIRROR:
        return []
    problem = f"the blob {flaw.detail}" if flaw and flaw.is_damage else None
    return [PlaceNow(str(path or state.sha256), kind, problem)] if path or problem else []
