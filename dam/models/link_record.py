"""Assets that `dam-cli link-similar` has compared with all others: one row per entity."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt


class LinkRecord(Base):
    """An entity that has been compared, with its state and the rule at that time.

    `system_set_id` is the set of systems that had run for the entity. If it has changed since, the entity is compared
    again. `rule` is a digest of the thresholds.
    """

    __tablename__ = "link_records"

    entity_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("entities.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    system_set_id: Mapped[int] = mapped_column(BigInt)
    rule: Mapped[int] = mapped_column(BigInteger)
