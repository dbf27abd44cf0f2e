"""Kinds of media, and the kind of a media type."""

from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """Kind of an asset; it selects the systems and the similarity method."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


DOCUMENT_PREFIXES = (
    "application/epub",
    "application/msword",
    "application/pdf",
    "application/postscript",
    "application/rtf",
    "application/vnd.ms-",
    "application/vnd.oasis.opendocument",
    "application/vnd.openxmlformats",
    "text/",
)
"""How the media types of documents begin."""


@lru_cache(maxsize=1024)  # asked for each file several times
def kind_of(media_type: str) -> Kind:
    """Return the kind of a media type such as `image/png`."""
    top_level = media_type.partition("/")[0]
    if top_level in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
        return Kind(top_level)
    return Kind.DOCUMENT if media_type.startswith(DOCUMENT_PREFIXES) else Kind.OTHER
