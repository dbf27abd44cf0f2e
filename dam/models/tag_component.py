"""A tag of an asset."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class TagComponent(BaseComponent):
    """A tag that the user has given an asset. An asset can have several, but no tag twice."""

    IS_USER_DATA = True
    SEARCHED = ("tag",)
    __tablename__ = "component_tag"
    __table_args__ = (UniqueConstraint("entity_id", "tag"), Index(None, "tag"))

    tag: Mapped[str] = mapped_column(String(255))
