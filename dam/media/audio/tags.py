"""Read the tags of an audio file with tinytag, or from its container if tinytag does not support the format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from dam.core.errors import DecodeError

MAX_VALUE_LENGTH = 1000
"""Maximum length of a value, in characters."""
MAX_OTHER_TAGS = 50
"""Maximum number of tags besides the common ones."""

_COMMON = ("title", "artist", "album", "track", "year")
_NOT_TAGS = ("filename", "filesize", "mime_type", "duration", "bitrate", "samplerate", "channels", "bitdepth", "extra")
_OF_CONTAINER = ("major_brand", "minor_version", "compatible_brands", "creation_time")
"""What FFmpeg lists with the tags of a container, and is none."""


@dataclass(frozen=True)
class Tags:
    """Tags of an audio file: the common ones, and the others by name."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    track: int | None = None
    year: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def read_tags(stream: BinaryIO, metadata: Mapping[str, str]) -> Tags | None:
    """Return the tags of a file, or those in its container's `metadata`; None if there are none.

    Raises:
        DecodeError: the tags are damaged.

    """
    from tinytag import TinyTag, TinyTagException, UnsupportedFormatError  # noqa: PLC0415  an optional library

    tags: Mapping[str, Any]
    try:
        tags = TinyTag.get(file_obj=stream, duration=False).as_dict()
    except UnsupportedFormatError:
        tags = {name.lower(): value for name, value in metadata.items() if name.lower() not in _OF_CONTAINER}
    except TinyTagException as exc:
        raise DecodeError(f"the tags are damaged: {exc}") from exc
    values = {name: text for name, value in tags.items() if name not in _NOT_TAGS and (text := _text(value))}
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
        more={name[:MAX_VALUE_LENGTH]: values[name] for name in others[:MAX_OTHER_TAGS]},
    )


def _text(value: Any) -> str:
    """Return a value, or several joined, as text that any database can store."""
    values = value if isinstance(value, list | tuple) else [value]
    texts = [str(each).replace("\0", " ").strip() for each in values if each is not None]
    joined = "; ".join(dict.fromkeys(texts))[:MAX_VALUE_LENGTH]  # a WAV file can say the same in two of its lists
    return joined.encode("utf-8", "replace").decode().strip()


def _number(text: str, pattern: str) -> int | None:
    """Return the number at the beginning of a text, such as the 3 of `3/12`; None for none or 0."""
    matched = re.match(pattern, text, re.ASCII)
    return int(matched.group()) or None if matched else None
