"""Identity of the library."""

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base


class LibraryIdentity(Base):
    """UUID of the library, in a single row. The store has a copy, so that a wrong or unmounted store is detected."""

    __tablename__ = "library"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    uuid: Mapped[str] = mapped_column(String(36))
    snapshot: Mapped[str | None] = mapped_column(Text, default=None)
    """How far an unfinished snapshot for the manifest is: table and id; empty before its begin, null without one."""
