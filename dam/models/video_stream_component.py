"""A video stream of a file."""

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class VideoStreamComponent(BaseComponent):
    """A video stream of a file: coded size in pixels, frame rate in frames per second, bit rate in bits per second.

    `rotation` for display is in degrees clockwise. `is_cover` marks a single attached picture, such as an album cover.
    """

    __tablename__ = "component_video_stream"
    __table_args__ = (UniqueConstraint("entity_id", "stream_index"),)

    stream_index: Mapped[int]
    codec: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    frame_rate: Mapped[float | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    rotation: Mapped[int]
    pixel_format: Mapped[str | None] = mapped_column(String(64))
    is_cover: Mapped[bool]
