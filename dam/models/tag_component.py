"""A tag of an asset."""

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.core.folding import folded
from dam.models.base_component import BaseComponent
from dam.models.types import FoldedText


class TagComponent(BaseComponent):
    """A tag that the user has given an asset. An asset can have several, but no tag twice.

    `tag` is as it was first spelled; `tag_key` is the same without case, in Unicode normal form NFC. Slashes make a
    hierarchy: what is below `place` has keys from `place/` up to, but without, `place0`.
    """

    IS_USER_DATA = True
    SEARCHED = ("tag",)
    __tablename__ = "component_tag"
    __table_args__ = (UniqueConstraint("entity_id", "tag_key"), Index(None, "tag_key", "tag"))

    tag: Mapped[str] = mapped_column(String(255))
    tag_key: Mapped[str] = mapped_column(FoldedText, init=False)

    def __post_init__(self) -> None:
        """Set the key."""
        self.tag_key = folded(self.tag)
