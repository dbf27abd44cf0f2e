"""Paths that failed to be ingested."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import PrimaryKey, UtcDateTime


class IngestFailure(Base):
    """A path that could not be read at the last attempt, and the reason. A later success deletes the row."""

    __tablename__ = "ingest_failures"
    __table_args__ = (UniqueConstraint("path_digest"),)

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    path: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_digest: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_display: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text, default="copy", server_default="copy")
    """The `--mode` of the attempt."""
    tags: Mapped[str] = mapped_column(Text, default="", server_default="")
    """The tags of the attempt, comma-separated."""
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now())
