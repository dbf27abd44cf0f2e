"""SHA-256 digest of an asset's content."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ContentHashSha256Component(BaseComponent):
    """SHA-256 digest of an asset's content, 64 hexadecimal digits."""

    __tablename__ = "component_content_hash_sha256"
    __table_args__ = (UniqueConstraint("entity_id"), UniqueConstraint("hash_value"))

    hash_value: Mapped[str] = mapped_column(HexDigest)
