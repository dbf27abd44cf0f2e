"""The text of a document."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class DocumentTextComponent(BaseComponent):
    """The text of a document, at most a million characters; `is_cut` tells that there is more."""

    __tablename__ = "component_document_text"
    __table_args__ = (UniqueConstraint("entity_id"),)

    text: Mapped[str] = mapped_column(Text, repr=False)
    is_cut: Mapped[bool]
