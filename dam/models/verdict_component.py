"""The user's verdict on a pair of assets."""

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_pair import BasePair


class VerdictComponent(BasePair):
    """The user's verdict on a pair of assets: `duplicate`, `alternate` (a version worth keeping) or `unrelated`.

    A verdict overrides every measure. `entity_id` is the lower id.
    """

    IS_USER_DATA = True
    __tablename__ = "component_verdict"
    __table_args__ = (
        UniqueConstraint("entity_id", "other_entity_id"),
        Index(None, "other_entity_id"),
        CheckConstraint("entity_id < other_entity_id", name="in_order"),
    )

    verdict: Mapped[str] = mapped_column(String(16))
