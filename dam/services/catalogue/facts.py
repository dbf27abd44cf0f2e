"""What one chooses between assets by: dimensions, date, duration, bit rate, pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.models.base_component import BaseComponent
from dam.models.entity import Entity
from dam.models.source_path_component import SourcePathComponent
from dam.services.components import ecs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Facts:
    """What one chooses an asset by; None where it does not apply or is not known."""

    width: int | None = None
    height: int | None = None
    """Pixels, as displayed."""
    taken: str | None = None
    """ISO 8601: the local time of a picture, or else the creation time of a video, recording or document in UTC."""
    modified: str | None = None
    """ISO 8601: the earliest modification time of its sources in UTC."""
    duration: float | None = None
    """Seconds."""
    bit_rate: int | None = None
    """Bits per second."""
    pages: int | None = None


def facts_of(session: Session, entity_ids: Iterable[int]) -> dict[int, Facts]:
    """Return the facts of some assets, by id: one statement for each 500."""
    found: dict[int, Facts] = {}
    for some in ecs.batched(entity_ids):
        for row in session.execute(_statement().where(Entity.id.in_(some))):
            found[row.id] = Facts(
                row.width,
                row.height,
                row.local_time or _iso(row.container_created or row.document_created),
                _iso(None if row.mtime_ns is None else time_of(row.mtime_ns)),
                row.duration or row.duration_seconds,
                row.bit_rate or row.audio_bit_rate,
                row.pages,
            )
    return found


def _statement() -> Any:
    """Return the statement; what shows no asset, as an ingest, has no use for these tables."""
    from dam.models.audio_properties_component import AudioPropertiesComponent  # noqa: PLC0415
    from dam.models.capture_component import CaptureComponent  # noqa: PLC0415
    from dam.models.container_component import ContainerComponent  # noqa: PLC0415
    from dam.models.dimensions_component import DimensionsComponent  # noqa: PLC0415
    from dam.models.document_component import DocumentComponent  # noqa: PLC0415

    size, capture, container = DimensionsComponent, CaptureComponent, ContainerComponent
    audio, document, source = AudioPropertiesComponent, DocumentComponent, SourcePathComponent
    oldest = select(func.min(source.mtime_ns)).where(source.entity_id == Entity.id).scalar_subquery()
    statement = select(
        Entity.id,
        size.width,
        size.height,
        capture.local_time,
        container.duration,
        container.bit_rate,
        container.created.label("container_created"),
        audio.duration_seconds,
        audio.bit_rate.label("audio_bit_rate"),
        document.pages,
        document.created.label("document_created"),
        oldest.label("mtime_ns"),
    )
    described: tuple[type[BaseComponent], ...] = (size, capture, container, audio, document)
    for table in described:
        statement = statement.outerjoin(table, table.entity_id == Entity.id)
    return statement


def time_of(time_ns: int) -> datetime | None:
    """Return nanoseconds since 1970 as a time in UTC, to the microsecond; None out of the range of the calendar."""
    try:
        return _EPOCH + timedelta(microseconds=time_ns // 1000)
    except OverflowError:
        return None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
