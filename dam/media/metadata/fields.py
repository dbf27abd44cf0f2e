"""Common fields of EXIF, IPTC and XMP."""

from collections.abc import Sequence
from dataclasses import dataclass

from dam.media.metadata.moments import Moment

MAX_KEYWORDS = 256


@dataclass(frozen=True)
class Region:
    """A region of an image that a program has marked, as fractions of the width and height from the top left."""

    kind: str
    """What it is, such as `face` or `pet`, in lower case."""
    name: str | None
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Fields:
    """Common fields of a metadata block. None marks an absent field."""

    taken: Moment | None = None
    exposure_seconds: float | None = None
    aperture: float | None = None
    """F-number."""
    iso: int | None = None
    focal_length: float | None = None
    """Millimetres."""
    orientation: int | None = None
    """EXIF orientation, 1 to 8."""
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    latitude: float | None = None
    """Degrees north."""
    longitude: float | None = None
    """Degrees east."""
    altitude: float | None = None
    """Metres above sea level."""
    title: str | None = None
    description: str | None = None
    artist: str | None = None
    copyright: str | None = None
    rating: int | None = None
    """0 to 5, or -1 for rejected."""
    keywords: tuple[str, ...] | None = None
    hierarchies: tuple[str, ...] | None = None
    """Hierarchical keywords, such as `place|italy|rome`."""
    regions: tuple[Region, ...] | None = None


def distinct(keywords: Sequence[str | None]) -> tuple[str, ...] | None:
    """Return the distinct keywords in order, at most `MAX_KEYWORDS`; None if there are none."""
    return tuple(dict.fromkeys(word for word in keywords[: 4 * MAX_KEYWORDS] if word))[:MAX_KEYWORDS] or None
