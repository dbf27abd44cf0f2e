"""Properties of a document."""

from datetime import datetime

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import UtcDateTime


class DocumentComponent(BaseComponent):
    """Pages, title, author, subject and dates of a document, and whether it is encrypted and has text.

    `pages` counts slides in a presentation and sheets in a workbook. A date without a time zone is taken as UTC,
    and its offset is null: the minutes to add to UTC to get the local time, which PDF files give.
    `has_text` is false for a document that contains only images, such as a scan, and for one that needs a password.
    """

    SEARCHED = ("title", "author", "subject")
    __tablename__ = "component_document"
    __table_args__ = (UniqueConstraint("entity_id"),)

    pages: Mapped[int | None]
    title: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime | None] = mapped_column(UtcDateTime)
    modified: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_offset_minutes: Mapped[int | None] = mapped_column(default=None)
    modified_offset_minutes: Mapped[int | None] = mapped_column(default=None)
    encrypted: Mapped[bool]
    has_text: Mapped[bool]
