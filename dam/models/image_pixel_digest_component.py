"""The digest of an image's pixels."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ImagePixelDigestComponent(BaseComponent):
    """The SHA-256 of an image's pixels as displayed, 64 hexadecimal digits; null for several frames.

    It is made when `find-duplicates` first needs it: for images that nothing else tells apart.
    """

    __tablename__ = "component_image_pixel_digest"
    __table_args__ = (UniqueConstraint("entity_id"),)

    digest: Mapped[str | None] = mapped_column(HexDigest)
