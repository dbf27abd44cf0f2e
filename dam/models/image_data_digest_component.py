"""The digest of the compressed data of an image."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ImageDataDigestComponent(BaseComponent):
    """The SHA-256 of the compressed data of an image without metadata, 64 hexadecimal digits.

    JPEG, PNG, WebP and GIF have one. It stays the same when EXIF, XMP, comments or colour profiles are changed.
    """

    __tablename__ = "component_image_data_digest"
    __table_args__ = (UniqueConstraint("entity_id"), Index(None, "digest"))

    digest: Mapped[str] = mapped_column(HexDigest)
