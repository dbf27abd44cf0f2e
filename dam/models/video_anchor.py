"""Index of video fingerprints."""

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_index_row import BaseIndexRow


class VideoAnchor(BaseIndexRow):
    """A frame of a video fingerprint: its time in milliseconds, and the two halves of its pHash."""

    __tablename__ = "video_anchors"
    __table_args__ = (
        Index(None, "upper"),
        Index(None, "lower"),
        {"sqlite_with_rowid": False},
    )

    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    time: Mapped[int] = mapped_column(BigInteger)
    upper: Mapped[int] = mapped_column(BigInteger)
    lower: Mapped[int] = mapped_column(BigInteger)
