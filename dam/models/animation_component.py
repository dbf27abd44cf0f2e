"""The frames of an animated image."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import BigInt


class AnimationComponent(BaseComponent):
    """The frames of an animated image, and their total duration.

    `loops` is how many times it is shown, 0 for ever; null where it does not say.
    """

    __tablename__ = "component_animation"
    __table_args__ = (UniqueConstraint("entity_id"),)

    frames: Mapped[int]
    duration_ms: Mapped[int] = mapped_column(BigInt)
    loops: Mapped[int | None]
