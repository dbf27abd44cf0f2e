"""Records that the manifest of the store does not have yet."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import PrimaryKey


class ManifestRecord(Base):
    """Lines for the manifest, written in the transaction of the change; deleted when the manifest has them.

    `id` is the number of their batch: one more than that of the last row, which is never deleted.
    """

    __tablename__ = "manifest_records"
    __table_args__ = ({"sqlite_autoincrement": True},)  # sequence numbers are never reused

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    lines: Mapped[str] = mapped_column(Text)
