"""OpenDocument (ISO/IEC 26300): odt, ods, odp."""

from collections.abc import Mapping
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, Fields

_DC = "http://purl.org/dc/elements/1.1/"
_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_META, _TEXT, _TABLE, _DRAW = (f"{_NS}{name}:1.0" for name in ("meta", "text", "table", "drawing"))
_SAID = {
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
    """Read a text, spreadsheet or presentation. Pages are as its program counted them, or sheets, or slides."""
    archive = Archive(stream)
    said = Fields(_SAID)
    if _is_encrypted(archive):
        return Document(encrypted=True)
    archive.parse("meta.xml", said)
    if "content.xml" not in archive.names:
        raise DecodeError("it has no part with text")
    text = _Text()
    archive.parse("content.xml", text)
    counted = said.attributes.get("counts", {}).get(f"{_META} page-count", "")
    said.found["pages"] = counted
    return Document(
        text.buffer.text(),
        is_cut=text.buffer.is_cut or archive.is_cut,
        pages=said.number("pages") if media_type.endswith(".text") else text.pages,
        title=said.text("title"),
        author=said.text("author") or said.text("last author"),
        subject=said.text("subject"),
        created=said.moment("created"),
        modified=said.moment("modified"),
    )


def _is_encrypted(archive: Archive) -> bool:
    """Tell whether the manifest says that the content is encrypted."""
    mark = _EncryptionMark()
    archive.parse("META-INF/manifest.xml", mark)
    return mark.is_done


class _EncryptionMark:
    """Waits for the element that says how a part is encrypted."""

    is_done = False

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Look at an element."""
        self.is_done = self.is_done or tag.endswith(" encryption-data")

    def end(self, tag: str) -> None:
        """Nothing ends."""

    def data(self, text: str) -> None:
        """Text does not matter."""


class _Text:
    """The text of paragraphs and headings, a line each."""

    def __init__(self) -> None:
        self.buffer = TextBuffer()
        self.pages = 0
        self._depth = 0

    @property
    def is_done(self) -> bool:
        """Whether there is no room for more."""
        return self.buffer.is_full

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Notice where text begins."""
        if tag in _LINES:
            self._depth += 1
        elif tag in _BLANKS:
            self.buffer.add(" ")
        elif tag in _PAGES:
            self.pages += 1

    def end(self, tag: str) -> None:
        """Notice where text ends."""
        if tag in _LINES:
            self._depth -= 1
            self.buffer.add("\n")

    def data(self, text: str) -> None:
        """Take text within paragraphs."""
        if self._depth:
            self.buffer.add(text)
