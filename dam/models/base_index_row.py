"""The base class of rows of an index."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt


class BaseIndexRow(Base):
    """A row of an inverted index of entities. It is derived from a component and can be rebuilt.

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
