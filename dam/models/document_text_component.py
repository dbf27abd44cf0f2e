"""Text of a document."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class DocumentTextComponent(BaseComponent):
    """Text of a document, at most a million characters; `is_cut` is true if the text was truncated."""

    SEARCHED = ("text",)
    __tablename__ = "component_document_text"
    __table_args__ = (UniqueConstraint("entity_id"),)

    text: Mapped[str] = mapped_column(Text, repr=False)
    is_cut: Mapped[bool]
