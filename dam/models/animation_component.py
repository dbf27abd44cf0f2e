"""Frame count and timing of an animated image."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent
from dam.models.types import BigInt


class AnimationComponent(BaseComponent):
    """Frame count of an animated image, duration of one loop in milliseconds, and number of loops.

    `loops` is 0 for an endless animation, and null where the file does not say.
    """

    __tablename__ = "component_animation"
    __table_args__ = (UniqueConstraint("entity_id"),)

    frames: Mapped[int]
    duration_ms: Mapped[int] = mapped_column(BigInt)
    loops: Mapped[int | None]
