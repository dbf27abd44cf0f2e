"""Tags of a recording, with tinytag, or as its container has them where tinytag does not know it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from dam.core.errors import DecodeError

CHARACTERS = 1000
"""How much of one value is kept."""
OTHERS = 50
"""How many of the other tags are kept."""

_COMMON = ("title", "artist", "album", "track", "year")
_NO_TAGS = ("filename", "filesize", "mime_type", "duration", "bitrate", "samplerate", "channels", "bitdepth", "extra")


@dataclass(frozen=True)
class Tags:
    """What a recording says of itself: the common tags, and the others by their names."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    track: int | None = None
    year: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def read_tags(stream: BinaryIO, metadata: Mapping[str, str]) -> Tags | None:
    """Return the tags in a file, or those among a container's `metadata`; None where there are none.

    DecodeError when they are damaged.
    """
    from tinytag import TinyTag, TinyTagException, UnsupportedFormatError  # noqa: PLC0415  an optional library

    found: Mapping[str, Any]
    try:
        found = TinyTag.get(file_obj=stream, duration=False).as_dict()
    except UnsupportedFormatError:
        found = {name.lower(): value for name, value in metadata.items()}
    except TinyTagException as exc:
        raise DecodeError(f"its tags are damaged: {exc}") from exc
    values = {name: text for name, value in found.items() if name not in _NO_TAGS and (text := _text(value))}
    if not values:
        return None
    year = values.get("year") or values.get("date", "")
    others = [name for name in sorted(values) if name not in _COMMON]
    return Tags(
        title=values.get("title"),
        artist=values.get("artist"),
        album=values.get("album"),
        track=_number(values.get("track", ""), r"\d{1,9}"),
        year=_number(year, r"\d{4}"),
        more={name[:CHARACTERS]: values[name] for name in others[:OTHERS]},
    )


def _text(value: Any) -> str:
    """Return one text for one value or several, as any database takes it."""
    several = value if isinstance(value, list | tuple) else [value]
    text = "; ".join(str(one) for one in several if one is not None)[:CHARACTERS]
    return text.replace("\0", " ").encode("utf-8", "replace").decode().strip()


def _number(text: str, pattern: str) -> int | None:
    """Return the number that a text begins with, such as the 3 of `3/12`, if it is none of zeros."""
    found = re.match(pattern, text, re.ASCII)
    return int(found.group()) or None if found else None
