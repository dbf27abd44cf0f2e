"""The fingerprint of a video."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class VideoFingerprintComponent(BaseComponent):
    """The times and pHashes of frames of a video, about four per second.

    Frames with too little detail are left out. `pictures` has 12 bytes per frame: milliseconds and hash, little-endian.
    """

    __tablename__ = "component_video_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    pictures: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
