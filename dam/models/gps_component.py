"""Position at which an image or video was taken."""

from sqlalchemy import Double, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class GpsComponent(BaseComponent):
    """Position at which an image or video was taken: degrees north, degrees east, and metres above sea level."""

    __tablename__ = "component_gps"
    __table_args__ = (
        UniqueConstraint("entity_id"),
        Index(None, "latitude", "entity_id"),
    )

    latitude: Mapped[float] = mapped_column(Double)
    longitude: Mapped[float] = mapped_column(Double)
    altitude: Mapped[float | None] = mapped_column(Double)
