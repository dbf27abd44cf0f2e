"""What the rows of an index share."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt


class BaseIndexRow(Base):
    """A row by which entities are found; it says nothing that a component does not say too, and can be made again.

    A system gives such rows with its component, and they are written with it. A subclass adds what is looked up, and a
    `number` or the like that makes its primary key unique within an entity. On SQLite a table without rowid is best:
    each of its indexes then holds the primary key, and answers alone.
    """

    __abstract__ = True

    entity_id: Mapped[int] = mapped_column(
        BigInt,
        ForeignKey("entities.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        default=None,
        sort_order=-1,  # the primary key begins with it, so that a deletion finds the rows
    )
