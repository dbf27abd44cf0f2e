"""The fingerprint of a document's text."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class DocumentFingerprintComponent(BaseComponent):
    """The MinHash of a text's word shingles: 128 numbers of 16 bits, little-endian.

    The share of equal numbers of two texts estimates the Jaccard similarity of their shingles.
    """

    __tablename__ = "component_document_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    minhash: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
