"""Complete metadata of a file."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import JsonText


class MetadataComponent(BaseComponent):
    """Complete EXIF, IPTC and XMP metadata of a file and its sidecar, as JSON.

    `found` has tables under `exif`, `iptc`, `xmp` and `sidecar`, and error messages under `problems`.
    """

    __tablename__ = "component_metadata"
    __table_args__ = (UniqueConstraint("entity_id"),)

    found: Mapped[dict[str, Any]] = mapped_column(JsonText)
