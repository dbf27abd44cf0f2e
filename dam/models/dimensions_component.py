"""Pixel size of an image or video."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from dam.models.base_component import BaseComponent


class DimensionsComponent(BaseComponent):
    """Pixel size of an image or video as displayed (orientation applied)."""

    __tablename__ = "component_dimensions"
    __table_args__ = (
        UniqueConstraint("entity_id"),
        Index(None, "width", "entity_id"),
    )

    width: Mapped[int]
    height: Mapped[int]
