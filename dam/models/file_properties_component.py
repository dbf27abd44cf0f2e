"""The name, size and media type of a file."""

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class FilePropertiesComponent(BaseComponent):
    """The name of the first source of the content, its size in bytes, and its detected media type."""

    __tablename__ = "component_file_properties"
    __table_args__ = (UniqueConstraint("entity_id"),)

    original_filename: Mapped[str] = mapped_column(Text)
    file_size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
