"""Words that were read in a picture."""

from typing import Any

from sqlalchemy import Double, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import JsonText


class OcrComponent(BaseComponent):
    """Words that were read in an image, or on the pages of a PDF without text.

    `confidence` is the mean of the characters, 0 to 1. `boxes` has an item for each line of `text`: the page, counted
    from 0, then left, top, width and height as fractions of the picture, then the confidence. `is_cut` is true if pages
    were left out.
    """

    SEARCHED = ("text",)
    __tablename__ = "component_ocr"
    __table_args__ = (UniqueConstraint("entity_id"),)

    text: Mapped[str] = mapped_column(Text, repr=False)
    confidence: Mapped[float] = mapped_column(Double)
    boxes: Mapped[list[Any]] = mapped_column(JsonText, repr=False)
    is_cut: Mapped[bool]
