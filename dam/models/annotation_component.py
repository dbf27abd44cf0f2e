"""What the user has written about an asset."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class AnnotationComponent(BaseComponent):
    """What the user has written about an asset. It goes before what the file says of itself.

    `rating` is 0 to 5, or -1 for rejected.
    """

    IS_USER_DATA = True
    SEARCHED = ("title", "description", "notes")
    __tablename__ = "component_annotation"
    __table_args__ = (UniqueConstraint("entity_id"),)

    title: Mapped[str | None] = mapped_column(Text, default=None)
    description: Mapped[str | None] = mapped_column(Text, default=None)
    notes: Mapped[str | None] = mapped_column(Text, default=None)
    rating: Mapped[int | None] = mapped_column(default=None)
