"""Queries that the user keeps under a name."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import PrimaryKey, UtcDateTime


class SavedQuery(Base):
    """A query under a name, as the user wrote it; `@name` in another query stands for it."""

    __tablename__ = "saved_queries"
    __table_args__ = (UniqueConstraint("name"), {"sqlite_autoincrement": True})

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    name: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, init=False, server_default=func.now(), onupdate=func.now()
    )
