"""An asset in the trash."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import BigInt


class TrashedComponent(BaseComponent):
    """The asset is in the trash since `created_at`. Its content stays in the store until it is purged."""

    IS_USER_DATA = True
    __tablename__ = "component_trashed"
    __table_args__ = (UniqueConstraint("entity_id"),)

    operation_id: Mapped[int] = mapped_column(BigInt)
