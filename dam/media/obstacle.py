"""Why an installation cannot decode a content, and who knows that of each kind of media."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from dam.core.errors import DecodeError, MissingExtraError
from dam.media.kinds import Kind, kind_of


@dataclass(frozen=True)
class Obstacle:
    """What keeps this installation from decoding some content."""

    text: str
    """The message for the user."""
    missing: str | None = None
    """The optional dependency that would help, such as an extra's name; None when nothing can decode such content."""

    def __str__(self) -> str:
        """Return the message."""
        return self.text

    @property
    def error(self) -> MissingExtraError | DecodeError:
        """The error for somebody who cannot do without."""
        return MissingExtraError(self.text) if self.missing else DecodeError(self.text)


FindObstacle: TypeAlias = Callable[[str], Obstacle | None]
"""From a media type to what keeps this installation from decoding it."""

_REGISTERED: dict[Kind, FindObstacle] = {}


def obstacles_of(kind: Kind) -> Callable[[FindObstacle], FindObstacle]:
    """Register a function as the one that knows what it takes to decode a kind of media."""

    def register(ask: FindObstacle) -> FindObstacle:
        _REGISTERED[kind] = ask
        return ask

    return register


def registered_obstacle(media_type: str) -> Obstacle | None:
    """Ask the function that is registered for a media type; `dam.media.sample` imports them all."""
    ask = _REGISTERED.get(kind_of(media_type))
    return ask(media_type) if ask else None


def no_decoder(media_type: str) -> Obstacle:
    """Return the obstacle of content that nothing here decodes."""
    return Obstacle(f"there is no decoder for {media_type}")
