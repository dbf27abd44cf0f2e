"""Systems that have run for an asset: one row per entity."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt, PrimaryKey


class SystemSet(Base):
    """A set of systems with their versions, in the form `image: image_ahash@1 image_dhash@1`. The table is small."""

    __tablename__ = "system_sets"

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    systems: Mapped[str] = mapped_column(Text, unique=True)


class SystemRecord(Base):
    """The set of systems that have run for an entity."""

    __tablename__ = "system_records"

    entity_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("entities.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    system_set_id: Mapped[int] = mapped_column(BigInt, ForeignKey("system_sets.id"), index=True)
    rows_crc32: Mapped[int | None] = mapped_column(BigInt, default=None)
    """Checksum of the rows that systems derived, see `services/components/derived_rows.py`; None: not known yet."""
