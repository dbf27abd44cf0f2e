"""Fingerprint of a video."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class VideoFingerprintComponent(BaseComponent):
    """Fingerprint of a video: time and pHash of sampled frames, about four per second, without those too plain.

    `pictures` has 12 bytes per frame: milliseconds (4) and hash (8), little-endian. It is empty if all are too plain.
    """

    __tablename__ = "component_video_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    pictures: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
