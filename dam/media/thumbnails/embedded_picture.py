"""The picture that a document carries of itself: the thumbnail of an office document, the cover of a book."""

import io
from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from dam.core.errors import DecodeError
from dam.media.documents.zipped_xml import Archive
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.images import decoding as image

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.sample import Sample

EPUB = "application/epub+zip"
ODF = "application/vnd.oasis.opendocument."
OOXML = "application/vnd.openxmlformats-officedocument."

MAX_BYTES = 32 * 1024 * 1024
"""Larger pictures are not decoded; their pixels are bounded as those of any image."""


def may_carry_one(media_type: str) -> bool:
    """Tell whether documents of a type may carry a picture of themselves."""
    return media_type == EPUB or media_type.startswith((ODF, OOXML))


def embedded_picture(sample: "Sample", _size: int) -> "Image | None":
    """Return the picture, None where there is none; DecodeError when the document or the picture is damaged."""
    with sample.open_content() as content:
        archive = Archive(content)
        name = _name_of(archive, sample.media_type)
        data = archive.read(name, MAX_BYTES) if name in archive.names else b""
    if not data:
        return None
    found = media_type(data[:HEAD_BYTES], name)
    if found not in image.WITH_PILLOW:
        raise DecodeError(f"there is no decoder for its thumbnail, {found}")
    return image.decode(io.BytesIO(data), found)


def _name_of(archive: Archive, media_type: str) -> str:
    """Return the part that holds it; an empty name where none is told of."""
    if media_type.startswith(ODF):
        return "Thumbnails/thumbnail.png"  # OpenDocument 1.3, part 2, 3.8
    if media_type.startswith(OOXML):
        return _target(archive, "_rels/.rels")
    package = _target(archive, "META-INF/container.xml")
    cover = unquote(_target(archive, package))
    return normpath(join(dirname(package), cover)) if cover else ""


def _target(archive: Archive, part: str) -> str:
    told = _Told()
    archive.parse(part, told)
    return told.target.lstrip("/")


class _Told:
    """Reads where to look on, from the relationships of an office document, or the container or package of a book."""

    def __init__(self) -> None:
        self._found = ""
        self._named = ""
        self._items: dict[str, str] = {}

    @property
    def is_done(self) -> bool:
        """Whether the rest does not matter."""
        return bool(self._found)

    @property
    def target(self) -> str:
        """The part, if one is named; of EPUB 2, that with the id of the cover."""
        return self._found or self._items.get(self._named, "")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Look at an element."""
        name = tag.rpartition(" ")[2]
        if name == "Relationship" and attributes.get("Type", "").endswith("/metadata/thumbnail"):
            self._found = attributes.get("Target", "")
        elif name == "rootfile":
            self._found = attributes.get("full-path", "")
        elif name == "meta" and attributes.get("name") == "cover":
            self._named = attributes.get("content", "")
        elif name == "item":
            href = attributes.get("href", "")
            self._items[attributes.get("id", "")] = href
            if "cover-image" in attributes.get("properties", "").split():
                self._found = href

    def end(self, tag: str) -> None:
        """Nothing ends."""

    def data(self, text: str) -> None:
        """Text does not matter."""
