"""An asset whose file was replaced by a newer content."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dam.models.base_component import BaseComponent
from dam.models.entity import Entity
from dam.models.types import BigInt


class ReplacedComponent(BaseComponent):
    """The file of this asset has a newer content, `by_entity`, which took over what the user had said of this one."""

    IS_USER_DATA = True
    __tablename__ = "component_replaced"
    __table_args__ = (UniqueConstraint("entity_id", "by_entity_id"), Index(None, "by_entity_id"))

    by_entity_id: Mapped[int] = mapped_column(BigInt, ForeignKey("entities.id", ondelete="CASCADE"), default=None)

    by_entity: Mapped[Entity] = relationship(foreign_keys=[by_entity_id], default=None, repr=False, compare=False)
