"""Chromaprint fingerprint of an audio stream."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class AudioFingerprintComponent(BaseComponent):
    """Raw Chromaprint fingerprint of the first ten minutes: 32 bits per 0.124 seconds, little-endian."""

    __tablename__ = "component_audio_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
