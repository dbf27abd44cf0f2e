"""Read OpenDocument (ISO/IEC 26300): odt, ods, odp."""

from collections.abc import Mapping
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, TextHandler

_DC = "http://purl.org/dc/elements/1.1/"
_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_META, _TEXT, _TABLE, _DRAW = (f"{_NS}{name}:1.0" for name in ("meta", "text", "table", "drawing"))
_PROPERTIES = {
    f"{_DC} title": "title",
    f"{_DC} subject": "subject",
    f"{_META} initial-creator": "author",
    f"{_DC} creator": "last author",
    f"{_META} creation-date": "created",
    f"{_DC} date": "modified",
    f"{_META} document-statistic": "counts",
}
_LINES = {f"{_TEXT} p", f"{_TEXT} h"}
_BLANKS = {f"{_TEXT} s", f"{_TEXT} tab", f"{_TEXT} line-break"}
_PAGES = {f"{_DRAW} page", f"{_TABLE} table"}


def read(stream: BinaryIO, media_type: str) -> Document:
    """Read a text, spreadsheet or presentation.

    `pages` is the number of pages that the word processor stored, or the number of sheets or slides.

    Raises:
        DecodeError: the archive or a part is damaged, has a document type, or there is no part with text.

    """
    archive = Archive(stream)
    properties = TextHandler(_PROPERTIES)
    if _is_encrypted(archive):
        return Document(encrypted=True)
    archive.parse("meta.xml", properties)
    if "content.xml" not in archive.names:
        raise DecodeError("the document has no part with text")
    text = _Text()
    archive.parse("content.xml", text)
    properties.values["pages"] = properties.attributes.get("counts", {}).get(f"{_META} page-count", "")
    return Document(
        text.buffer.text(),
        is_truncated=text.buffer.is_truncated or archive.is_truncated,
        pages=properties.number("pages") if media_type.endswith(".text") else text.pages,
        title=properties.text("title"),
        author=properties.text("author") or properties.text("last author"),
        subject=properties.text("subject"),
        created=properties.moment("created"),
        modified=properties.moment("modified"),
    )


def _is_encrypted(archive: Archive) -> bool:
    """Return whether the manifest declares an encrypted part."""
    handler = _EncryptionHandler()
    archive.parse("META-INF/manifest.xml", handler)
    return handler.is_done


class _EncryptionHandler:
    """Stops at the first element with encryption data."""

    is_done = False

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Compare the name of an element."""
        self.is_done = self.is_done or tag.endswith(" encryption-data")

    def end(self, tag: str) -> None:
        """Ignore the end of an element."""

    def data(self, text: str) -> None:
        """Ignore text."""


class _Text:
    """Collects the text of paragraphs and headings, one line each."""

    def __init__(self) -> None:
        self.buffer = TextBuffer()
        self.pages = 0
        self._depth = 0

    @property
    def is_done(self) -> bool:
        """Whether the text buffer is full."""
        return self.buffer.is_truncated

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Enter a paragraph or heading, add white space, or count a page."""
        if tag in _LINES:
            self._depth += 1
        elif tag in _BLANKS:
            self.buffer.add(" ")
        elif tag in _PAGES:
            self.pages += 1

    def end(self, tag: str) -> None:
        """Leave a paragraph or heading, and end its line."""
        if tag in _LINES:
            self._depth -= 1
            self.buffer.add("\n")

    def data(self, text: str) -> None:
        """Add text inside paragraphs and headings."""
        if self._depth:
            self.buffer.add(text)
