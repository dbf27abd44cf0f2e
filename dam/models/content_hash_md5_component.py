"""MD5 digest of an asset's content."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class ContentHashMd5Component(BaseComponent):
    """MD5 digest of an asset's content, 32 hexadecimal digits."""

    __tablename__ = "component_content_hash_md5"
    __table_args__ = (UniqueConstraint("entity_id"), Index(None, "hash_value"))

    hash_value: Mapped[str] = mapped_column(HexDigest)
