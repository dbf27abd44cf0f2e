"""Luma thumbnail of an image."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class ImageLumaComponent(BaseComponent):
    """Luma of an image at 16 × 16 pixels, 256 bytes in row-major order, for the verification of candidates."""

    __tablename__ = "component_image_luma"
    __table_args__ = (UniqueConstraint("entity_id"),)

    luma: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
