"""XMP sidecar of an asset."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest


class XmpSidecarComponent(BaseComponent):
    """XMP sidecar beside the source: its SHA-256, and its content for later runs of `run-systems`."""

    __tablename__ = "component_xmp_sidecar"
    __table_args__ = (UniqueConstraint("entity_id"),)

    digest: Mapped[str] = mapped_column(HexDigest)
    packet: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
