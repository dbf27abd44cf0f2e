"""Camera and lens of an image or video."""

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class CameraComponent(BaseComponent):
    """Make and model of the camera, and the lens, that took an image or video."""

    __tablename__ = "component_camera"
    __table_args__ = (
        UniqueConstraint("entity_id"),
        Index(None, "make", "entity_id"),
        Index(None, "model", "entity_id"),
    )

    make: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    lens: Mapped[str | None] = mapped_column(Text)
