"""Verify a library: compare the store with the database, and optionally every byte with its digest.

Assets and blobs are read in pages, so memory does not grow with the library. No transaction is open while a file is
read, and none while the caller has a result.
"""

import logging
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from dam.core.database import DAMAGE_HINT, fetched
from dam.core.errors import MalformedDatabaseError
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror
from dam.services.sources.places import Place, oldest_check_first, places
from dam.services.verify.blobs import Checker, Result
from dam.services.verify.checks import MAIN_STORE, CheckRecorder
from dam.services.verify.database import database_findings
from dam.services.verify.derived import derived_findings
from dam.services.verify.findings import Finding, IntactAsset, Problem
from dam.services.verify.manifest import manifest_findings
from dam.services.verify.row_sums import RowSums
from dam.services.verify.rows import row_findings
from dam.services.verify.strays import strays
from dam.storage.blob_store import BlobStore

AHEAD = 4
"""Number of tasks that are under way, or wait for it, for each thread."""
MAX_TASK_FILES = 64
MAX_TASK_BYTES = 4 * 1024 * 1024
"""Contents are checked together up to these bounds: threads that wait for each other at every small file are slow."""

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """How much of the content is read: what was read least recently comes first. None: no limit."""

    seconds: float | None = None
    percent: float | None = None
    """Of the bytes of the library."""


UNLIMITED = Limits()


def bytes_within(library: Library, limits: Limits) -> int:
    """Return how many bytes of a library are read at most, were there no limit of time."""
    with library.read() as session:
        size = session.scalar(select(func.sum(FilePropertiesComponent.file_size_bytes))) or 0
    return int(int(size) * (100 if limits.percent is None else limits.percent) / 100)


def verify(
    library: Library,
    *,
    content: bool = False,
    threads: int = 1,
    quarantine: bool = False,
    limits: Limits = UNLIMITED,
    mirror: OpenMirror | None = None,
    among: Iterable[int] | None = None,
) -> Generator[Result, None, None]:
    """Check a library; yield problems and intact assets.

    With `content`, read the bytes of the contents, within `limits`; of the others, only presence and size are checked.
    When each blob was read is recorded. With `quarantine`, damaged blobs that were read are set aside. A `mirror` is
    verified instead of the library's own store and the database. `among`: only the content of these assets.
    """
    is_mirror = mirror is not None
    store: BlobStore = mirror.store if mirror else library.store
    store_id = mirror.info.id if mirror else MAIN_STORE
    try:
        if not is_mirror and among is None:
            yield from database_findings(library)
            sums = RowSums() if content else None
            of_manifest = list(manifest_findings(library, sums))
            yield from of_manifest
            if sums is not None and not of_manifest:
                yield from row_findings(library, sums)
            if content:
                yield from derived_findings(library)
            yield from _dangling(library)
        checker = Checker(library, store, quarantine=quarantine)
        found = oldest_check_first(library, store_id, datetime.now(UTC)) if content else places(library)
        chosen = None if among is None else frozenset(among)
        wanted = (
            place
            for place in found
            if not (is_mirror and place.is_referenced) and (chosen is None or place.entity_id in chosen)
        )
        recorder = CheckRecorder(library, store_id)
        yield from _contents(checker, wanted, _Budget(library, limits) if content else None, threads, recorder)
        others = strays(library, store, is_mirror=is_mirror) if among is None else ()
        yield from (each for each in others if each.path not in checker.moved)
    except MalformedDatabaseError as exc:
        yield damaged_database(exc)
    except DBAPIError as exc:  # as where the schema has lost a table
        logger.debug("the database cannot be read", exc_info=exc)
        yield Finding(Problem.DATABASE, f"the database cannot be read ({exc.orig}): {DAMAGE_HINT}")


def damaged_database(error: MalformedDatabaseError) -> Finding:
    """Return the finding for a database that cannot be read any further."""
    return Finding(Problem.DATABASE, str(error))


@dataclass
class _Budget:
    """What may still be read."""

    library: Library
    limits: Limits
    _began: float = field(default_factory=time.monotonic)
    _bytes: int = 0
    _max_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.limits.percent is not None:
            self._max_bytes = bytes_within(self.library, self.limits)

    def allows(self, place: Place) -> bool:
        """Return whether a content may be read, and count it. The first one always may."""
        seconds = self.limits.seconds
        if seconds is not None and self._bytes and time.monotonic() - self._began >= seconds:
            return False
        if self._max_bytes is not None and self._bytes and self._bytes >= self._max_bytes:
            return False
        self._bytes += max(place.size or 0, 1)
        return True


def _contents(
    checker: Checker, wanted: Iterable[Place], budget: _Budget | None, threads: int, recorder: CheckRecorder
) -> Iterator[Result]:
    """Check contents in threads, in order; record which were read and are intact."""
    executor = ThreadPoolExecutor(max(threads, 1))

    def begin(task: list[tuple[Place, bool]]) -> tuple[list[tuple[Place, bool]], Future[list[list[Result]]]]:
        return task, executor.submit(checker.check_all, task)

    try:
        for task, results in _ahead(map(begin, _tasks(wanted, budget)), AHEAD * max(threads, 1)):
            for (place, _), found in zip(task, results.result(), strict=True):
                _record(recorder, place, found)
                yield from found
    finally:
        checker.stop.set()
        executor.shutdown(cancel_futures=True)
        recorder.write()


def _tasks(wanted: Iterable[Place], budget: _Budget | None) -> Iterator[list[tuple[Place, bool]]]:
    """Put places together to tasks, each with whether its content is read."""
    task: list[tuple[Place, bool]] = []
    size = 0
    for place in wanted:
        is_read = budget is not None and budget.allows(place)
        task.append((place, is_read))
        size += (place.size or 0) if is_read else 0
        if size >= MAX_TASK_BYTES or len(task) >= MAX_TASK_FILES:
            yield task
            task, size = [], 0
    if task:
        yield task


def _record(recorder: CheckRecorder, place: Place, found: list[Result]) -> None:
    if place.is_referenced:
        return
    for result in found:
        if isinstance(result, IntactAsset) and result.is_read:
            recorder.intact(place.identifier)
        elif isinstance(result, Finding) and result.problem is Problem.ALTERED:
            recorder.damaged(place.identifier)


def _ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """Yield items, `count` behind their iterator."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) >= count:
            yield waiting.popleft()
    yield from waiting


def _dangling(library: Library) -> Iterator[Finding]:
    """Find entities that lack a required component."""
    for kind in (ContentHashSha256Component, FileLocationComponent, FilePropertiesComponent):
        with library.read() as session:
            ids = fetched(session.scalars(ecs.entities_with(without=[kind])).all)
        for entity_id in ids:
            yield Finding(Problem.DANGLING, f"it has no {kind.component_name()}", entity_id=entity_id)
