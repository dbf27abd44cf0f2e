"""Where an image was taken."""

from sqlalchemy import Double, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class GpsComponent(BaseComponent):
    """Where an image was taken: degrees north and east, and metres above the sea."""

    __tablename__ = "component_gps"
    __table_args__ = (UniqueConstraint("entity_id"),)

    latitude: Mapped[float] = mapped_column(Double)
    longitude: Mapped[float] = mapped_column(Double)
    altitude: Mapped[float | None] = mapped_column(Double)
