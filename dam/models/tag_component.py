"""A word that the user put on an asset."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class TagComponent(BaseComponent):
    """One tag of an asset; an asset has any number, each once."""

    __tablename__ = "component_tag"
    __table_args__ = (UniqueConstraint("entity_id", "tag"), Index(None, "tag"))

    tag: Mapped[str] = mapped_column(String(255))
