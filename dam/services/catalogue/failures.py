"""Recorded failures: paths that could not be read, and assets that could not be decoded."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from dam.core.database import release
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.ingest_failure import IngestFailure
from dam.models.system_failure_component import SystemFailureComponent
from dam.services.catalogue.trashed import is_present
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.sources.source_paths import displayed, path_digest, storable
from dam.storage.modes import Mode

PAGE = 1000


@dataclass(frozen=True)
class RecordedFailure:
    """A path (`unreadable`) or an asset (`undecodable`), with the reason for the failure."""

    problem: str
    name: str
    """The path, or the original filename of the asset."""
    reason: str
    path: str | None = None
    entity_id: int | None = None
    systems: tuple[str, ...] = ()
    mode: str | None = None
    tags: tuple[str, ...] = ()
    """Tags that the path was to get; `mode` is the mode of storing it."""


def record(session: Session, reasons: Mapping[str, str], mode: Mode = Mode.COPY, tags: Iterable[str] = ()) -> None:
    """Record that paths could not be read, with the reasons, and the mode and tags to retry with."""
    rows: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    for path, reason in reasons.items():
        raw = os.fsencode(path)
        about = {"path": raw, "path_digest": path_digest(raw), "path_display": displayed(raw)}
        rows.append(about | {"reason": storable(reason), "failed_at": now, "mode": mode.value, "tags": ",".join(tags)})
    ecs.put_rows(session, IngestFailure, rows)


def forget(session: Session, paths: Iterable[str]) -> None:
    """Delete the recorded failures of some paths."""
    if not any_unreadable(session):
        return
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        session.execute(delete(IngestFailure).where(IngestFailure.path_digest.in_(digests)))


def any_unreadable(session: Session) -> bool:
    """Return whether any path has a recorded failure."""
    return session.scalar(select(IngestFailure.id).limit(1)) is not None


def unreadable_among(session: Session, paths: Iterable[str]) -> set[str]:
    """Return the paths that have a recorded failure."""
    found: set[str] = set()
    for some in ecs.batched(paths):
        by_digest = {path_digest(os.fsencode(path)): path for path in some}
        table = IngestFailure
        rows = session.scalars(select(table.path_digest).where(table.path_digest.in_(by_digest)))
        found |= {by_digest[digest] for digest in rows}
    return found


def unreadable(session: Session) -> Iterator[RecordedFailure]:
    """Yield the paths that could not be read, in the order of their first failure; see `_pages`."""
    for page in _pages(session, select(IngestFailure.id, IngestFailure), IngestFailure.id):
        for _, row in page:
            tags = tuple(row.tags.split(",")) if row.tags else ()
            yield RecordedFailure(
                "unreadable", row.path_display, row.reason, path=os.fsdecode(row.path), mode=row.mode, tags=tags
            )


def _pages(session: Session, statement: Any, key: InstrumentedAttribute[int]) -> Iterator[Sequence[Any]]:
    """Yield the rows of a statement in pages, by a key that is its first column.

    A session that only reads has no transaction while its caller prints a page.
    """
    last = 0
    while page := session.execute(statement.where(key > last).order_by(key).limit(PAGE)).all():
        last = page[-1][0]
        session.expunge_all()
        release(session)
        yield page


def forget_on_request(library: Library, paths: Iterable[str], *, gone: bool = False) -> list[RecordedFailure]:
    """Delete the failures of some paths, and with `gone` of all paths that no longer exist; return those deleted."""
    named = {os.path.abspath(path) for path in paths}
    with library.read() as session:
        chosen = [
            failure
            for failure in unreadable(session)
            if failure.path is not None and (failure.path in named or (gone and not _is_there(failure.path)))
        ]
    with library.write() as session:
        forget(session, (failure.path for failure in chosen if failure.path is not None))
    return chosen


def _is_there(path: str) -> bool:
    """Return whether a path exists, or cannot be checked."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def undecodable(session: Session) -> Iterator[RecordedFailure]:
    """Yield the assets with failed systems, in order of id; see `_pages`."""
    table, properties = SystemFailureComponent, FilePropertiesComponent
    assets = (
        select(table.entity_id, properties.original_filename)
        .join(properties, properties.entity_id == table.entity_id)
        .where(is_present(table.entity_id))
        .distinct()
    )
    for page in _pages(session, assets, table.entity_id):
        failed: dict[int, list[tuple[str, str]]] = defaultdict(list)
        rows = select(table.entity_id, table.system, table.reason).where(
            table.entity_id.between(page[0].entity_id, page[-1].entity_id)
        )
        for entity_id, system, reason in session.execute(rows.order_by(table.system)).all():
            failed[entity_id].append((system, reason))
        release(session)
        for entity_id, name in page:
            systems, reasons = zip(*failed[entity_id], strict=True)
            yield RecordedFailure("undecodable", name, reasons[-1], entity_id=entity_id, systems=systems)
