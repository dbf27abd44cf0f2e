"""The kinds of media, and which kind a media type is of."""

from enum import StrEnum


class Kind(StrEnum):
    """What an asset is, as far as choosing how to look at it goes."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


_DOCUMENTS = (
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


def kind_of(media_type: str) -> Kind:
    """Return the kind of a media type such as `image/png`."""
    family = media_type.partition("/")[0]
    if family in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
        return Kind(family)
    return Kind.DOCUMENT if media_type.startswith(_DOCUMENTS) else Kind.OTHER
