"""Container of a video or audio file."""

from datetime import datetime

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import UtcDateTime


class ContainerComponent(BaseComponent):
    """Container of a video or audio file: duration in seconds, bit rate in bits per second, creation time in UTC.

    `format` is FFmpeg's name of the demuxer. `tags` is the container's metadata as a JSON object. Values that the
    container does not give are null.
    """

    __tablename__ = "component_container"
    __table_args__ = (UniqueConstraint("entity_id"),)

    format: Mapped[str] = mapped_column(String(128))
    duration: Mapped[float | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    created: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tags: Mapped[str] = mapped_column(Text)
