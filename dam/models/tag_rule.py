"""Rules of the user about tags."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import FoldedText, PrimaryKey, UtcDateTime


class TagRule(Base):
    """A rule about a tag, applied when the tag is added.

    `kind` is `alias` (`target` is added instead of `tag`) or `implies` (`target` is added, too). The keys are the tags
    without case, in Unicode normal form NFC.
    """

    __tablename__ = "tag_rules"
    __table_args__ = (
        UniqueConstraint("kind", "tag_key", "target_key"),
        {"sqlite_autoincrement": True},  # an id in the manifest always means the same
    )

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    kind: Mapped[str] = mapped_column(String(16))
    tag: Mapped[str] = mapped_column(String(255))
    tag_key: Mapped[str] = mapped_column(FoldedText)
    target: Mapped[str] = mapped_column(String(255))
    target_key: Mapped[str] = mapped_column(FoldedText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now())
