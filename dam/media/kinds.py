"""Kinds of media, and the kind of a media type."""

from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """Kind of an asset; it selects the systems and the similarity method."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    SIDECAR = "sidecar"
    """The metadata of another file, in a file of its own."""
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

SIDECAR_TYPE = "application/rdf+xml"
"""Media type of an XMP sidecar (ISO 16684-1)."""


@lru_cache(maxsize=1024)  # asked for each file several times
def kind_of(media_type: str) -> Kind:
    """Return the kind of a media type such as `image/png`."""
    top_level = media_type.partition("/")[0]
    if top_level in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
        return Kind(top_level)
    if media_type == SIDECAR_TYPE:
        return Kind.SIDECAR
    return Kind.DOCUMENT if media_type.startswith(DOCUMENT_PREFIXES) else Kind.OTHER
