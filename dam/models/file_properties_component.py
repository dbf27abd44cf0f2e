"""What a file is called and what it is."""

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class FilePropertiesComponent(BaseComponent):
    """The name under which content first came in, its size in bytes, and its media type by content."""

    __tablename__ = "component_file_properties"
    __table_args__ = (UniqueConstraint("entity_id"),)

    original_filename: Mapped[str] = mapped_column(Text)
    file_size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
