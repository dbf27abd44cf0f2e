"""The common fields of metadata, whichever block they come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from dam.media.metadata.moments import Moment

MAX_KEYWORDS = 256


@dataclass(frozen=True)
class Fields:
    """The common fields; None where nothing is said."""

    taken: Moment | None = None
    exposure_seconds: float | None = None
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    orientation: int | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    title: str | None = None
    description: str | None = None
    artist: str | None = None
    copyright: str | None = None
    rating: int | None = None
    keywords: tuple[str, ...] | None = None


def distinct(keywords: Sequence[str | None]) -> tuple[str, ...] | None:
    """Return keywords in order, each once; None for none."""
    return tuple(dict.fromkeys(word for word in keywords[: 4 * MAX_KEYWORDS] if word))[:MAX_KEYWORDS] or None
