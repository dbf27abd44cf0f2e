"""When and how an image was taken."""

from datetime import datetime

from sqlalchemy import Double, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import UtcDateTime


class CaptureComponent(BaseComponent):
    """When and how an image was taken, according to the camera or a sidecar.

    `local_time` is the time on the camera's clock, with sub-seconds as written; `moment` the same in UTC, where the
    offset is known. `exposure_seconds` and `focal_length` (in millimetres) are as written; `orientation` is EXIF's,
    1 to 8.
    """

    __tablename__ = "component_capture"
    __table_args__ = (UniqueConstraint("entity_id"),)

    local_time: Mapped[str | None] = mapped_column(Text)
    offset_minutes: Mapped[int | None]
    moment: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exposure_seconds: Mapped[float | None] = mapped_column(Double)
    aperture: Mapped[float | None] = mapped_column(Double)
    iso: Mapped[int | None]
    focal_length: Mapped[float | None] = mapped_column(Double)
    orientation: Mapped[int | None]
