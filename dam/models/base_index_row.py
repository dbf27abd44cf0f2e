"""Base of the rows of search indexes."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt


class BaseIndexRow(Base):
    """A row of a search index. It is derived from a component and can be rebuilt.

    A system returns such rows together with its component. A subclass adds the indexed columns, and a column such as
    `number` that makes the primary key unique within an entity. On SQLite use a WITHOUT ROWID table: each of its
    indexes then includes the primary key and covers a look-up.
    """

    __abstract__ = True

    entity_id: Mapped[int] = mapped_column(
        BigInt,
        ForeignKey("entities.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        default=None,
        sort_order=-1,  # first in the primary key, so that a deletion finds the rows
    )
