"""The journal: every change of what the user said or removed, with the values before."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_class import Base
from dam.models.types import BigInt, JsonText, PrimaryKey, UtcDateTime


class Operation(Base):
    """An operation of the user: who, when, and the command. It is written in the transaction of its changes.

    `kind` is one word, such as `tag`, `verdict`, `rm`, `restore`, `undo`. `command` is the command line, or `python`
    for a call from Python. `undoes_id` is the operation that this one takes back.
    """

    __tablename__ = "operations"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id in a script or manifest always means the same

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    kind: Mapped[str] = mapped_column(String(32))
    user_name: Mapped[str] = mapped_column(Text)
    command: Mapped[str] = mapped_column(Text)
    undoes_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("operations.id"), index=True, default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, init=False, server_default=func.now(), index=True)


class OperationChange(Base):
    """A row that an operation inserted (`before` is null), deleted (`after` is null) or updated (neither is).

    `before` and `after` have the row by column. `entity_id`, and of a row about a pair `other_entity_id`, have no
    foreign keys: the journal outlives the asset.
    """

    __tablename__ = "operation_changes"
    __table_args__ = (
        Index(None, "operation_id"),
        Index(None, "entity_id"),
        Index(None, "other_entity_id"),
    )

    id: Mapped[PrimaryKey] = mapped_column(init=False)
    operation_id: Mapped[int] = mapped_column(BigInt, ForeignKey("operations.id", ondelete="CASCADE"))
    entity_id: Mapped[int | None] = mapped_column(BigInt)
    other_entity_id: Mapped[int | None] = mapped_column(BigInt, default=None)
    table_name: Mapped[str] = mapped_column(String(64))
    before: Mapped[Any | None] = mapped_column(JsonText, default=None)
    after: Mapped[Any | None] = mapped_column(JsonText, default=None)
