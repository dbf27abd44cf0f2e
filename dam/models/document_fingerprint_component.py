"""MinHash fingerprint of a document's text."""

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class DocumentFingerprintComponent(BaseComponent):
    """MinHash of a text's word shingles: 128 values of 16 bits, little-endian.

    The fraction of equal values in two fingerprints estimates the Jaccard similarity of the shingle sets.
    """

    __tablename__ = "component_document_fingerprint"
    __table_args__ = (UniqueConstraint("entity_id"),)

    minhash: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
