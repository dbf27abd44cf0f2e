"""EPUB: web pages in an archive, in the order of its spine."""

from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import BinaryIO
from urllib.parse import unquote

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.plain_text import add_page
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, Fields

_DC = "http://purl.org/dc/elements/1.1/"
_SAID = {f"{_DC} title": "title", f"{_DC} creator": "author", f"{_DC} subject": "subject", f"{_DC} date": "created"}
_CONTAINER = "META-INF/container.xml"


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a book."""
    archive = Archive(stream)
    container = _Book()
    archive.parse(_CONTAINER, container)
    if not container.root:
        raise DecodeError("it does not say where its contents are")
    said, book = Fields(_SAID), _Book()
    archive.parse(container.root, said)
    archive.parse(container.root, book)
    buffer = TextBuffer()
    folder = dirname(container.root)
    for name in book.spine:
        href = unquote(book.parts.get(name, ""))
        add_page(buffer, archive.read(normpath(join(folder, href))))
        if buffer.is_full:
            break
    return Document(
        buffer.text(),
        is_cut=buffer.is_cut or archive.is_cut,
        title=said.text("title"),
        author=said.text("author"),
        subject=said.text("subject"),
        created=said.moment("created"),
        encrypted="META-INF/encryption.xml" in archive.names and "META-INF/rights.xml" in archive.names,
    )


class _Book:
    """Where the package is, which parts it has, and in which order they are read."""

    is_done = False

    def __init__(self) -> None:
        self.root = ""
        self.parts: dict[str, str] = {}
        self.spine: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Look at an element."""
        name = tag.rpartition(" ")[2]
        if name == "rootfile" and not self.root:
            self.root = attributes.get("full-path", "")
        elif name == "item":
            self.parts[attributes.get("id", "")] = attributes.get("href", "")
        elif name == "itemref":
            self.spine.append(attributes.get("idref", ""))

    def end(self, tag: str) -> None:
        """Nothing ends."""

    def data(self, text: str) -> None:
        """Text does not matter."""
