"""Location of an asset's content."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class FileLocationComponent(BaseComponent):
    """Location of an asset's content: its key in a store of type `storage_type`."""

    __tablename__ = "component_file_location"
    __table_args__ = (
        UniqueConstraint("entity_id", "storage_type"),
        UniqueConstraint("file_identifier", "storage_type"),
    )

    file_identifier: Mapped[str] = mapped_column(String(255))
    storage_type: Mapped[str] = mapped_column(String(64))
