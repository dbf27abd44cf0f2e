"""An audio stream of a file."""

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class AudioStreamComponent(BaseComponent):
    """An audio stream of a file: sample rate in hertz, bit rate in bits per second, language as in the container."""

    __tablename__ = "component_audio_stream"
    __table_args__ = (UniqueConstraint("entity_id", "stream_index"),)

    stream_index: Mapped[int]
    codec: Mapped[str] = mapped_column(String(64))
    sample_rate: Mapped[int]
    channels: Mapped[int]
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str | None] = mapped_column(String(16))
