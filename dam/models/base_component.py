"""Base of all components."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from dam.models.base_class import Base
from dam.models.entity import Entity
from dam.models.types import BigInt, PrimaryKey, UtcDateTime


class BaseComponent(Base):
    """Data about one aspect of an entity; a subclass adds the columns.

    Construct it with `entity=`, with `entity_id=`, or with neither and attach it later. The table of a subclass is
    named `component_<name>` and has a unique constraint that begins with `entity_id`: on `entity_id` alone if an entity
    has at most one such component.
    """

    __abstract__ = True
    TABLE_PREFIX: ClassVar[str] = "component_"
    IS_USER_DATA: ClassVar[bool] = False
    """Whether it has what a user said or did, which cannot be derived again from the content."""
    SEARCHED: ClassVar[tuple[str, ...]] = ()
    """The text columns that words of a query are searched in. `dam-cli setup-db` makes and removes the index."""

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    entity_id: Mapped[int] = mapped_column(BigInt, ForeignKey("entities.id", ondelete="CASCADE"), default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now(), repr=False)
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, init=False, server_default=func.now(), onupdate=func.now(), repr=False
    )

    @declared_attr
    @classmethod
    def entity(cls) -> Mapped[Entity]:
        """Return the entity that this component describes."""
        return relationship(Entity, foreign_keys=lambda: cls.entity_id, default=None, repr=False, compare=False)

    @classmethod
    def component_name(cls) -> str:
        """Return the name of this component type, such as `dimensions`."""
        return str(cls.__tablename__).removeprefix(cls.TABLE_PREFIX)
