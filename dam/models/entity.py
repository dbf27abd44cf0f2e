"""Identity of an asset."""

from datetime import datetime

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import PrimaryKey, UtcDateTime


class Entity(Base):
    """An asset. Its data is in components."""

    __tablename__ = "entities"
    __table_args__ = (
        Index(None, "created_at"),
        {"sqlite_autoincrement": True},
    )  # ids of deleted assets are never reused

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now())
