"""The sidecar that an asset was read with."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class XmpSidecarComponent(BaseComponent):
    """The XMP sidecar that lay beside the source: its SHA-256, and its content, so that it can be read again."""

    __tablename__ = "component_xmp_sidecar"
    __table_args__ = (UniqueConstraint("entity_id"),)

    digest: Mapped[str] = mapped_column(HexDigest)
    packet: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
