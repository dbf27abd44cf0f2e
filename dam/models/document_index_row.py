"""Inverted index of document fingerprints."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_index_row import BaseIndexRow
from dam.models.types import BigInt


class DocumentIndexRow(BaseIndexRow):
    """An LSH key of a document: 65,536 times the index of a permutation, plus the min-hash under that permutation."""

    __tablename__ = "document_index"
    __table_args__ = (Index(None, "entity_id"), {"sqlite_with_rowid": False})

    key: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False, sort_order=-2)
