"""When the content of a blob was last compared with its digest."""

from datetime import datetime

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import HexDigest, UtcDateTime


class BlobCheck(Base):
    """A blob that was read and found intact. `store_id` is 0 for the library's store, else the id of a mirror."""

    __tablename__ = "blob_checks"
    __table_args__ = (Index(None, "store_id", "checked_at"),)

    store_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(HexDigest, primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
