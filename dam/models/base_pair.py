"""Base of components that describe a pair of entities."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from dam.models.base_component import BaseComponent
from dam.models.entity import Entity
from dam.models.types import BigInt


class BasePair(BaseComponent):
    """Data about a pair of entities. `entity_id` is the lower id. Deleting either entity deletes the row.

    A subclass adds a check constraint on the order of the ids, and an index on `other_entity_id`.
    """

    __abstract__ = True

    other_entity_id: Mapped[int] = mapped_column(BigInt, ForeignKey("entities.id", ondelete="CASCADE"), default=None)

    @declared_attr
    @classmethod
    def other_entity(cls) -> Mapped[Entity]:
        """Return the entity with the higher id."""
        return relationship(Entity, foreign_keys=lambda: cls.other_entity_id, default=None, repr=False)
