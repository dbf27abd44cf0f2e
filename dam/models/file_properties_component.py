"""Name, size and media type of an asset."""

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class FilePropertiesComponent(BaseComponent):
    """Name under which the content was first added, its size in bytes, and its media type as detected by content."""

    __tablename__ = "component_file_properties"
    __table_args__ = (
        UniqueConstraint("entity_id"),
        Index(None, "media_type", "entity_id"),
        Index(None, "file_size_bytes", "entity_id"),
        Index(None, "original_filename", "entity_id"),
    )

    original_filename: Mapped[str] = mapped_column(Text)
    file_size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
