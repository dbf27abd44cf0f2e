"""Check one content: at its place in a store, or at its source."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dam.core.database import fetched
from dam.core.errors import InputError, StoreError, UnreadableFileError
from dam.media.files.digests import sha256_of
from dam.media.files.source import open_source
from dam.services.library import Library
from dam.services.sources.places import Place
from dam.services.sources.source_paths import recorded_paths
from dam.services.verify.findings import Finding, IntactAsset, Problem
from dam.storage.blob_store import BlobStore
from dam.storage.flaw import FlawKind
from dam.storage.local import LocalBlobStore
from dam.storage.quarantine import put_back, set_aside
from dam.storage.reading import open_blob, open_regular, past_the_cache

Result = Finding | IntactAsset

SMALL_BYTES = 16 * 1024 * 1024
"""Size of a blob that is read in so short a time that no interruption need be heard meanwhile."""

_PROBLEMS = {
    FlawKind.MISSING: Problem.MISSING,
    FlawKind.NO_FILE: Problem.IRREGULAR,
    FlawKind.SIZE: Problem.ALTERED,
    FlawKind.LINKED: Problem.LINKED,
    FlawKind.WRITABLE: Problem.WRITABLE,
}


@dataclass(frozen=True)
class Checker:
    """Checks contents in `store`, which is the library's own or a mirror. Its methods run in threads."""

    library: Library
    store: BlobStore
    quarantine: bool = False
    """Whether a damaged blob is moved to the quarantine of the store."""
    moved: set[str] = field(default_factory=set)
    """What it has moved there."""
    stop: threading.Event = field(default_factory=threading.Event)

    def check_all(self, places: Iterable[tuple[Place, bool]]) -> list[list[Result]]:
        """Check some contents, each with whether it is read."""
        return [self.check(place, content=is_read) for place, is_read in places if not self.stop.is_set()]

    def check(self, place: Place, *, content: bool) -> list[Result]:
        """Return the problems of a content, and that it is intact if it is."""
        is_doubted = False
        if content and place.is_consistent and not place.is_referenced and 0 < (place.size or 0) <= SMALL_BYTES:
            flaw = self._flaw_of_small(place)
            if flaw is None:
                return [IntactAsset(place.entity_id, place.size or 0, is_read=True)]
            is_doubted = flaw is FlawKind.CONTENT
        found = partial(Finding, sha256=place.identifier, entity_id=place.entity_id, name=place.name)
        if not place.is_consistent:
            return [found(Problem.DANGLING, "its location and its digest contradict each other")]
        if place.is_referenced:
            return [self._check_sources(place, content=content)]
        notes, problem = self._look(place, content=content, is_doubted=is_doubted)
        results: list[Result] = [found(kind, detail) for kind, detail in notes]
        if problem is None:
            return [*results, IntactAsset(place.entity_id, place.size or 0, is_read=content)]
        kind, detail = problem
        is_moved = content and self.quarantine and kind in (Problem.ALTERED, Problem.IRREGULAR)
        return [*results, found(kind, detail, quarantined=self._set_aside(place.identifier) if is_moved else None)]

    def _flaw_of_small(self, place: Place) -> FlawKind | None:
        """Read a small blob, which is opened only once; return what is wrong with it: then one looks again."""
        try:
            flaw = self.store.flaw(place.identifier, place.size or 0, content=True)
        except (StoreError, OSError):
            return FlawKind.MISSING
        return flaw.kind if flaw else None

    def _look(
        self, place: Place, *, content: bool, is_doubted: bool
    ) -> tuple[list[tuple[Problem, str]], tuple[Problem, str] | None]:
        """Return what is wrong with the file of a blob, and its content; `is_doubted`: it has just differed."""
        try:
            flaw = self.store.flaw(place.identifier, place.size or 0)
            if flaw and flaw.is_damage:
                return [], (_PROBLEMS[flaw.kind], f"its blob {flaw.detail}")
            notes = [(_PROBLEMS[flaw.kind], f"its blob {flaw.detail}")] if flaw else []
            if content and not self._matches(place.identifier, is_doubted=is_doubted):
                return notes, (Problem.ALTERED, "the content of its blob does not match its digest")
        except (StoreError, InputError, OSError) as exc:
            return [], (Problem.UNREADABLE, f"its blob cannot be read: {exc}")
        return notes, None

    def _matches(self, key: str, *, is_doubted: bool) -> bool:
        """Read a blob. What does not match is read once more, past the cache: memory and cables fail, too.

        Raises:
            StoreError: the second time, the content was another one.

        """
        first = self._digest_of(key, again=is_doubted)
        if first == key and not is_doubted:
            return True
        second = first if is_doubted else self._digest_of(key, again=True)
        if second != first or second == key:
            raise StoreError("each time it is read its content is another: check the memory and the disk")
        return False

    def _digest_of(self, key: str, *, again: bool = False) -> str:
        with open_blob(self.store, key) as file:
            if again and isinstance(self.store, LocalBlobStore):
                past_the_cache(file)
            return sha256_of(file, self.stop)

    def _set_aside(self, key: str) -> str | None:
        """Move a blob to the quarantine, where the store can be written."""
        if not isinstance(self.store, LocalBlobStore):
            return None
        try:
            place = self.store.place(key)
            aside = set_aside(self.store.root, place)
            if self._is_whole(aside, key):  # an ingest has healed it since it was read
                put_back(aside, place)
                return None
        except (StoreError, OSError):
            return None
        self.moved.add(str(aside))
        return str(aside)

    def _is_whole(self, path: Path, key: str) -> bool:
        try:
            with open_regular(path) as file:
                return sha256_of(file, self.stop) == key
        except UnreadableFileError:
            return False

    def _check_sources(self, place: Place, *, content: bool) -> Result:
        """Check an asset that is only referenced: one of its source paths must still have the content."""
        with self.library.read() as session:
            paths = fetched(partial(recorded_paths, session, place.entity_id))
        found = partial(Finding, sha256=place.identifier, entity_id=place.entity_id, name=place.name)
        problem = found(Problem.MISSING, "it is referenced, and none of its source paths exists any more")
        for path in paths:
            try:
                if Path(path).stat().st_size == place.size and (not content or self._is_at(path, place.identifier)):
                    return IntactAsset(place.entity_id, place.size, is_read=content)
                problem = found(Problem.ALTERED, f"it is referenced, and the content of {path} has changed")
            except (InputError, OSError):
                continue
        return problem

    def _is_at(self, path: str, sha256: str) -> bool:
        with open_source(path) as (file, _):
            return sha256_of(file, self.stop) == sha256
