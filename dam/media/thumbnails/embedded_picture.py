"""Read the picture embedded in a document: the thumbnail of an office document, or the cover of an EPUB."""

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
"""Maximum size of an embedded picture. The limit on pixels applies as for any image."""


def may_have_embedded_picture(media_type: str) -> bool:
    """Return whether documents of a type can embed a picture."""
    return media_type == EPUB or media_type.startswith((ODF, OOXML))


def embedded_picture(sample: "Sample", _size: int) -> "Image | None":
    """Return the embedded picture; None if there is none.

    Raises:
        DecodeError: the document or the picture is damaged, or there is no decoder for the picture.

    """
    with sample.open_content() as content:
        archive = Archive(content)
        name = _picture_name(archive, sample.media_type)
        data = archive.read(name, MAX_BYTES) if name in archive.names else b""
    if not data:
        return None
    picture_type = media_type(data[:HEAD_BYTES], name)
    if picture_type not in image.WITH_PILLOW:
        raise DecodeError(f"there is no decoder for its thumbnail, {picture_type}")
    return image.decode(io.BytesIO(data), picture_type)


def _picture_name(archive: Archive, media_type: str) -> str:
    """Return the name of the part that holds the picture; empty if the document names none."""
    if media_type.startswith(ODF):
        return "Thumbnails/thumbnail.png"  # OpenDocument 1.3, part 2, 3.8
    if media_type.startswith(OOXML):
        return _target(archive, "_rels/.rels")
    package = _target(archive, "META-INF/container.xml")
    cover = unquote(_target(archive, package))
    return normpath(join(dirname(package), cover)) if cover else ""


def _target(archive: Archive, part: str) -> str:
    handler = _TargetHandler()
    archive.parse(part, handler)
    return handler.target.lstrip("/")


class _TargetHandler:
    """Finds the part that an OOXML relationship file, an EPUB container or an EPUB package refers to."""

    def __init__(self) -> None:
        self._target = ""
        self._cover_id = ""
        self._items: dict[str, str] = {}

    @property
    def is_done(self) -> bool:
        """Whether the target is known."""
        return bool(self._target)

    @property
    def target(self) -> str:
        """The name of the part; empty if there is none. In EPUB 2, the item with the id of the cover."""
        return self._target or self._items.get(self._cover_id, "")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Read the references of an element."""
        name = tag.rpartition(" ")[2]
        if name == "Relationship" and attributes.get("Type", "").endswith("/metadata/thumbnail"):
            self._target = attributes.get("Target", "")
        elif name == "rootfile":
            self._target = attributes.get("full-path", "")
        elif name == "meta" and attributes.get("name") == "cover":
            self._cover_id = attributes.get("content", "")
        elif name == "item":
            href = attributes.get("href", "")
            self._items[attributes.get("id", "")] = href
            if "cover-image" in attributes.get("properties", "").split():
                self._target = href

    def end(self, tag: str) -> None:
        """Ignore the end of an element."""

    def data(self, text: str) -> None:
        """Ignore text."""
