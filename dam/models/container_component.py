"""The container of a video or audio file."""

from datetime import datetime

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import UtcDateTime


class ContainerComponent(BaseComponent):
    """The container of a video or audio file: format, duration, bit rate, creation time and metadata.

    `format` is FFmpeg's name; `tags` is a JSON object. What the container does not tell is null.
    """

    __tablename__ = "component_container"
    __table_args__ = (UniqueConstraint("entity_id"),)

    format: Mapped[str] = mapped_column(String(128))
    duration: Mapped[float | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    created: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tags: Mapped[str] = mapped_column(Text)
