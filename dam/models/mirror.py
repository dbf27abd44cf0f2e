"""Second stores that hold copies of the library's blobs."""

from datetime import datetime

from sqlalchemy import String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import UtcDateTime


class Mirror(Base):
    """A store with copies of the blobs, under a name that the user gave it. `location` is its folder."""

    __tablename__ = "mirrors"
    __table_args__ = ({"sqlite_autoincrement": True},)  # checks of a removed mirror are never those of a new one

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    location: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now())
