"""A region of an image that a program has marked."""

from sqlalchemy import Double, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class RegionComponent(BaseComponent):
    """A region of an image that a program has marked in its metadata, such as a face with a name.

    `kind` is `face`, `pet`, `focus` or `barcode`, or what the program says. `left`, `top`, `width` and `height` are
    fractions of the image, from its top left.
    """

    SEARCHED = ("name",)
    __tablename__ = "component_region"
    __table_args__ = (UniqueConstraint("entity_id", "position"),)

    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(255), index=True)
    left: Mapped[float] = mapped_column(Double)
    top: Mapped[float] = mapped_column(Double)
    width: Mapped[float] = mapped_column(Double)
    height: Mapped[float] = mapped_column(Double)
