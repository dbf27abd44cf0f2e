"""Which assets have been compared with all others by `dam-cli link-similar`: one compact row per entity."""

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt


class LinkRecord(Base):
    """An entity that has been compared, its state at that time, and the rule.

    The state is the set of systems that had run for it: when it is another by now, there is something new to compare.
    `rule` is a digest of the thresholds.
    """

    __tablename__ = "link_records"

    entity_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("entities.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    system_set_id: Mapped[int] = mapped_column(BigInt)
    rule: Mapped[int] = mapped_column(BigInteger)
