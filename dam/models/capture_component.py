"""Time and exposure of an image or video."""

from datetime import datetime

from sqlalchemy import Double, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import UtcDateTime


class CaptureComponent(BaseComponent):
    """Time and exposure of an image or video, from its metadata or a sidecar.

    `local_time` is the time of the camera's clock, with sub-seconds as recorded; of a video that says only UTC, it is
    that, with the offset 0. `moment` is the same time in UTC, null
    if the offset is unknown. `exposure_seconds`, `aperture` (F-number), `iso` and `focal_length` (millimetres) are as
    recorded. `orientation` is that of EXIF, 1 to 8.
    """

    __tablename__ = "component_capture"
    __table_args__ = (
        UniqueConstraint("entity_id"),
        Index(None, "local_time", "entity_id"),
    )

    local_time: Mapped[str | None] = mapped_column(Text)
    offset_minutes: Mapped[int | None]
    moment: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exposure_seconds: Mapped[float | None] = mapped_column(Double)
    aperture: Mapped[float | None] = mapped_column(Double)
    iso: Mapped[int | None]
    focal_length: Mapped[float | None] = mapped_column(Double)
    orientation: Mapped[int | None]
