"""Technical properties of a recording."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import BigInt


class AudioPropertiesComponent(BaseComponent):
    """Container, codec, sample rate (Hz), channels, duration (seconds) and bit rate (bits per second).

    Of the first audio stream. The bit rate is that of the whole file if the stream has none.
    """

    __tablename__ = "component_audio_properties"
    __table_args__ = (UniqueConstraint("entity_id"),)

    container: Mapped[str]
    codec: Mapped[str]
    sample_rate: Mapped[int]
    channels: Mapped[int]
    duration_seconds: Mapped[float | None]
    bit_rate: Mapped[int | None] = mapped_column(BigInt)
