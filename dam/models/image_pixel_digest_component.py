"""Digest of an image's pixels."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ImagePixelDigestComponent(BaseComponent):
    """SHA-256 of an image's pixels as displayed, 64 hexadecimal digits; null if the image has several frames.

    `find-duplicates` computes it on demand, for images that no other measure distinguishes.
    """

    __tablename__ = "component_image_pixel_digest"
    __table_args__ = (UniqueConstraint("entity_id"),)

    digest: Mapped[str | None] = mapped_column(HexDigest)
