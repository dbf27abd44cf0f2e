"""Membership of an asset in a collection."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.core.folding import folded
from dam.models.base_component import BaseComponent
from dam.models.types import BigInt, FoldedText


class CollectionComponent(BaseComponent):
    """Membership of an asset in a collection of the user, which exists as long as it has members.

    `name_key` is the name without case, in Unicode normal form NFC. The members of a collection are in the order of
    `position`, which has gaps, and those at the same position in the order of their ids.
    """

    IS_USER_DATA = True
    SEARCHED = ("name",)
    __tablename__ = "component_collection"
    __table_args__ = (UniqueConstraint("entity_id", "name_key"), Index(None, "name_key", "position"))

    name: Mapped[str] = mapped_column(String(255))
    name_key: Mapped[str] = mapped_column(FoldedText, init=False)
    position: Mapped[int] = mapped_column(BigInt)

    def __post_init__(self) -> None:
        """Set the key."""
        self.name_key = folded(self.name)
