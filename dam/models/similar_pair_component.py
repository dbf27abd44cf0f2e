"""A pair of similar images."""

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_pair import BasePair


class SimilarPairComponent(BasePair):
    """A pair of similar images: the hash (`method`) and its Hamming distance. `entity_id` is the lower id.

    `transform` maps the image with the lower id to the other: `none`, or a rotation or reflection.
    """

    __tablename__ = "component_similar_pair"
    __table_args__ = (
        UniqueConstraint("entity_id", "other_entity_id", "method"),
        Index(None, "other_entity_id"),
        CheckConstraint("entity_id < other_entity_id", name="in_order"),
    )

    method: Mapped[str] = mapped_column(String(16))
    distance: Mapped[int] = mapped_column(SmallInteger)
    transform: Mapped[str] = mapped_column(String(16))
