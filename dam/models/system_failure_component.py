"""Failure of a system on an asset."""

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class SystemFailureComponent(BaseComponent):
    """Failure of a system on an asset's content: the system, its version, and the reason."""

    __tablename__ = "component_system_failure"
    __table_args__ = (UniqueConstraint("entity_id", "system"),)

    system: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
