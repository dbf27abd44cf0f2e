"""Descriptive metadata of an image or video."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import JsonText


class DescriptionComponent(BaseComponent):
    """Descriptive metadata that people have written into an image, its sidecar, or a video.

    `rating` is 0 to 5, or -1 for rejected. `keywords` is a list of texts. `hierarchies` has the hierarchical keywords,
    from the root to the leaf, such as `place|italy|rome`.
    """

    SEARCHED = ("title", "description", "keywords", "hierarchies")
    __tablename__ = "component_description"
    __table_args__ = (UniqueConstraint("entity_id"),)

    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    copyright: Mapped[str | None] = mapped_column(Text)
    rating: Mapped[int | None]
    keywords: Mapped[list[str] | None] = mapped_column(JsonText)
    hierarchies: Mapped[list[str] | None] = mapped_column(JsonText, default=None)
