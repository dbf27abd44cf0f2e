"""dHash of an image."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.hash_bands import index_bands
from dam.models.types import PerceptualHash


class ImagePerceptualHashDhashComponent(BaseComponent):
    """dHash (gradient hash) of an image, 64 bits as 16 hexadecimal digits, equal to that of the imagehash library."""

    __tablename__ = "component_image_perceptual_hash_dhash"
    __table_args__ = (UniqueConstraint("entity_id"),)

    hash_value: Mapped[str] = mapped_column(PerceptualHash)


index_bands(ImagePerceptualHashDhashComponent)
