"""Read EPUB: the XHTML pages of the package, in the order of its spine."""

from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import BinaryIO
from urllib.parse import unquote

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.plain_text import add_page
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, TextHandler

_DC = "http://purl.org/dc/elements/1.1/"
_PROPERTIES = {
    f"{_DC} title": "title",
    f"{_DC} creator": "author",
    f"{_DC} subject": "subject",
    f"{_DC} date": "created",
}
_CONTAINER = "META-INF/container.xml"


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read an EPUB publication.

    Raises:
        DecodeError: the archive or a part is damaged, has a document type, or the container names no package.

    """
    archive = Archive(stream)
    container = _PackageHandler()
    archive.parse(_CONTAINER, container)
    if not container.root:
        raise DecodeError(f"{_CONTAINER} names no package document")
    properties, book = TextHandler(_PROPERTIES), _PackageHandler()
    archive.parse(container.root, properties)
    archive.parse(container.root, book)
    buffer = TextBuffer()
    folder = dirname(container.root)
    for name in book.spine:
        href = unquote(book.parts.get(name, ""))
        add_page(buffer, archive.read(normpath(join(folder, href))))
        if buffer.is_truncated:
            break
    return Document(
        buffer.text(),
        is_truncated=buffer.is_truncated or archive.is_truncated,
        title=properties.text("title"),
        author=properties.text("author"),
        subject=properties.text("subject"),
        created=properties.moment("created"),
        encrypted="META-INF/encryption.xml" in archive.names and "META-INF/rights.xml" in archive.names,
    )


class _PackageHandler:
    """Reads the path of the package document, the manifest and the spine."""

    is_done = False

    def __init__(self) -> None:
        self.root = ""
        self.parts: dict[str, str] = {}
        self.spine: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Read the references of an element."""
        name = tag.rpartition(" ")[2]
        if name == "rootfile" and not self.root:
            self.root = attributes.get("full-path", "")
        elif name == "item":
            self.parts[attributes.get("id", "")] = attributes.get("href", "")
        elif name == "itemref":
            self.spine.append(attributes.get("idref", ""))

    def end(self, tag: str) -> None:
        """Ignore the end of an element."""

    def data(self, text: str) -> None:
        """Ignore text."""
