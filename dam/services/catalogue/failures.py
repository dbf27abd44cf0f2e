"""What failed and is remembered: paths that could not be read, and assets that could not be decoded."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.ingest_failure import IngestFailure
from dam.models.system_failure_component import SystemFailureComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.source_paths import displayed, path_digest, storable
from dam.storage.modes import Mode


@dataclass(frozen=True)
class RememberedFailure:
    """A path (`unreadable`) or an asset (`undecodable`), and why it failed."""

    problem: str
    name: str
    """The path, or the name under which the asset came in."""
    reason: str
    path: str | None = None
    entity_id: int | None = None
    systems: tuple[str, ...] = ()
    mode: str | None = None
    tags: tuple[str, ...] = ()
    """How a path was to come in, and with what tags."""


def remember(session: Session, reasons: Mapping[str, str], mode: Mode = Mode.COPY, tags: Iterable[str] = ()) -> None:
    """Remember that paths could not be read, and why; and how they were to come in."""
    rows: list[dict[str, Any]] = []
    now = datetime.now(UTC)
    for path, reason in reasons.items():
        raw = os.fsencode(path)
        about = {"path": raw, "path_digest": path_digest(raw), "path_display": displayed(raw)}
        rows.append(about | {"reason": storable(reason), "failed_at": now, "mode": mode.value, "tags": ",".join(tags)})
    ecs.put_rows(session, IngestFailure, rows)


def forget(session: Session, paths: Iterable[str]) -> None:
    """Forget failures of paths that have come in."""
    if not any_unreadable(session):
        return
    for digests in ecs.batched(path_digest(os.fsencode(path)) for path in paths):
        session.execute(delete(IngestFailure).where(IngestFailure.path_digest.in_(digests)))


def any_unreadable(session: Session) -> bool:
    """Tell whether any path is remembered."""
    return session.scalar(select(IngestFailure.id).limit(1)) is not None


def unreadable_among(session: Session, paths: Iterable[str]) -> set[str]:
    """Return those of some paths that are remembered."""
    found: set[str] = set()
    for some in ecs.batched(paths):
        by_digest = {path_digest(os.fsencode(path)): path for path in some}
        table = IngestFailure
        rows = session.scalars(select(table.path_digest).where(table.path_digest.in_(by_digest)))
        found |= {by_digest[digest] for digest in rows}
    return found


def unreadable(session: Session) -> Iterator[RememberedFailure]:
    """Yield the paths that could not be read, in the order in which they first failed."""
    for row in session.scalars(select(IngestFailure).order_by(IngestFailure.id)):
        tags = tuple(row.tags.split(",")) if row.tags else ()
        yield RememberedFailure(
            "unreadable", row.path_display, row.reason, path=os.fsdecode(row.path), mode=row.mode, tags=tags
        )


def forget_on_request(session: Session, paths: Iterable[str], *, gone: bool = False) -> list[RememberedFailure]:
    """Forget the failures of some paths, and with `gone` of all where nothing is any more; return those forgotten."""
    named = {os.path.abspath(path) for path in paths}
    chosen = [
        failure
        for failure in unreadable(session)
        if failure.path is not None and (failure.path in named or (gone and not _is_there(failure.path)))
    ]
    forget(session, (failure.path for failure in chosen if failure.path is not None))
    return chosen


def _is_there(path: str) -> bool:
    """Tell whether there is something at a path, as far as this user can see."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def undecodable(session: Session) -> Iterator[RememberedFailure]:
    """Yield the assets for which systems have failed, by id."""
    table, properties = SystemFailureComponent, FilePropertiesComponent
    rows = session.execute(
        select(table.entity_id, properties.original_filename, table.system, table.reason)
        .join(properties, properties.entity_id == table.entity_id)
        .order_by(table.entity_id, table.system)
    )
    found: dict[int, RememberedFailure] = {}
    for entity_id, name, system, reason in rows:
        before = found.get(entity_id)
        systems = (*before.systems, system) if before else (system,)
        found[entity_id] = RememberedFailure("undecodable", name, reason, entity_id=entity_id, systems=systems)
    yield from found.values()
