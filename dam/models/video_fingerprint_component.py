"""The fingerprint of a video."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class VideoFingerprintComponent(BaseComponent):
    """The fingerprint of a video: time and pHash of its pictures, about four a second, without those too plain.

    `pictures` has 12 bytes for each: milliseconds and hash, little-endian. It is empty where all are too plain.
    """

    __tablename__ = "component_video_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    pictures: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
