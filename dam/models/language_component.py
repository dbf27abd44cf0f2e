"""Language of a text."""

from sqlalchemy import Double, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class LanguageComponent(BaseComponent):
    """Language in which most of a text is written: that of a document, or of what was read in a picture.

    `code` is that of ISO 639-1, such as `de`. `confidence` is 0 to 1.
    """

    __tablename__ = "component_language"
    __table_args__ = (UniqueConstraint("entity_id"), Index(None, "code"))

    code: Mapped[str] = mapped_column(String(8))
    confidence: Mapped[float] = mapped_column(Double)
