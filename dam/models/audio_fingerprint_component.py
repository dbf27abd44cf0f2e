"""The Chromaprint fingerprint of a recording."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class AudioFingerprintComponent(BaseComponent):
    """The raw Chromaprint fingerprint of the first ten minutes: 32 bits for each eighth of a second, little-endian."""

    __tablename__ = "component_audio_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
