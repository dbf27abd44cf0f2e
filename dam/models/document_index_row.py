"""The index of the fingerprints of documents."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_index_row import BaseIndexRow
from dam.models.types import BigInt


class DocumentIndexRow(BaseIndexRow):
    """An LSH key of a document: the number of a permutation (times 65,536) plus the first shingle in its order."""

    __tablename__ = "document_index"
    __table_args__ = (Index(None, "entity_id"), {"sqlite_with_rowid": False})

    key: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False, sort_order=-2)
