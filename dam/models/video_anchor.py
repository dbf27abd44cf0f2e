"""Some pictures of each video, by which it is found."""

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_index_row import BaseIndexRow


class VideoAnchor(BaseIndexRow):
    """A picture of a video's fingerprint: its time in milliseconds, and the two halves of its hash."""

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
