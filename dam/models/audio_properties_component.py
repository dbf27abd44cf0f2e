"""Technical properties of an audio file."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import BigInt


class AudioPropertiesComponent(BaseComponent):
    """Properties of the first audio stream: sample rate in hertz, duration in seconds, bit rate in bits per second.

    `container` and `codec` are FFmpeg's names. `bit_rate` is that of the file where the stream has none.
    """

    __tablename__ = "component_audio_properties"
    __table_args__ = (UniqueConstraint("entity_id"),)

    container: Mapped[str]
    codec: Mapped[str]
    sample_rate: Mapped[int]
    channels: Mapped[int]
    duration_seconds: Mapped[float | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInt)
