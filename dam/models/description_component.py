"""Descriptive metadata of an image."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import JsonText


class DescriptionComponent(BaseComponent):
    """Descriptive metadata that people have written into an image or its sidecar.

    `rating` is 0 to 5, or -1 for rejected. `keywords` is a list of texts.
    """

    SEARCHED = ("title", "description", "keywords")
    __tablename__ = "component_description"
    __table_args__ = (UniqueConstraint("entity_id"),)

    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    copyright: Mapped[str | None] = mapped_column(Text)
    rating: Mapped[int | None]
    keywords: Mapped[list[str] | None] = mapped_column(JsonText)
