"""Digest of the compressed image data."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ImageDataDigestComponent(BaseComponent):
    """SHA-256 of the compressed image data of a JPEG, PNG, WebP or GIF file, 64 hexadecimal digits.

    A change of EXIF, XMP, comments or the colour profile leaves it unchanged.
    """

    __tablename__ = "component_image_data_digest"
    __table_args__ = (UniqueConstraint("entity_id"), Index(None, "digest"))

    digest: Mapped[str] = mapped_column(HexDigest)
