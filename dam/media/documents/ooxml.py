"""Read Office Open XML (ISO/IEC 29500): docx, xlsx, pptx."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, TextHandler

_DC, _TERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
_APP = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
_CORE = {
    f"{_DC} title": "title",
    f"{_DC} creator": "author",
    f"{_DC} subject": "subject",
    f"{_TERMS} created": "created",
    f"{_TERMS} modified": "modified",
}
_COUNTS = {f"{_APP} Pages": "pages", f"{_APP} Slides": "pages"}
_BODY = re.compile(r"word/(document|footnotes|endnotes)\.xml|ppt/slides/slide\d+\.xml|xl/worksheets/sheet\d+\.xml")
_PAGE = re.compile(r"(ppt/slides/slide|xl/worksheets/sheet)\d+\.xml")
_STRINGS = "xl/sharedStrings.xml"


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a document, workbook or presentation.

    `pages` is the number of slides or sheets, or the number of pages that the word processor stored.

    Raises:
        DecodeError: the archive or a part is damaged, has a document type, or there is no part with text.

    """
    archive = Archive(stream)
    parts = sorted(filter(_BODY.fullmatch, archive.names), key=_sort_key)
    if not parts:
        raise DecodeError("the document has no part with text")
    core, counts = TextHandler(_CORE), TextHandler(_COUNTS)
    archive.parse("docProps/core.xml", core)
    archive.parse("docProps/app.xml", counts)
    buffer = TextBuffer()
    strings = _SharedStrings()
    archive.parse(_STRINGS, strings)
    for part in parts:
        archive.parse(part, _Text(buffer, strings.values))
        if buffer.is_truncated:
            break
    return Document(
        buffer.text(),
        is_truncated=buffer.is_truncated or archive.is_truncated,
        pages=sum(1 for part in parts if _PAGE.fullmatch(part)) or counts.number("pages"),
        title=core.text("title"),
        author=core.text("author"),
        subject=core.text("subject"),
        created=core.moment("created"),
        modified=core.moment("modified"),
    )


def _sort_key(part: str) -> tuple[str, int]:
    """Return a key that sorts slide 10 after slide 9, and notes after the document."""
    digits = re.sub(r"\D", "", part)
    return re.sub(r"\d", "", part), int(digits or 0)


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


class _Text:
    """Collects the text of a part: runs are joined, paragraphs and rows end with newlines, cells with tabs."""

    def __init__(self, buffer: TextBuffer, strings: list[str]) -> None:
        self._buffer = buffer
        self._strings = strings
        self._in_text = False
        self._is_shared = False

    @property
    def is_done(self) -> bool:
        """Whether the text buffer is full."""
        return self._buffer.is_truncated

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Enter a text element, or add white space for a break."""
        name = _local(tag)
        if name in ("t", "v"):
            self._in_text = True
        elif name in ("tab", "br", "cr"):
            self._buffer.add(" ")
        elif name == "c":
            self._is_shared = attributes.get("t") == "s"

    def end(self, tag: str) -> None:
        """Leave a text element, or end a line or cell."""
        name = _local(tag)
        if name in ("t", "v"):
            self._in_text = False
        elif name in ("p", "row"):
            self._buffer.add("\n")
        elif name == "c":
            self._buffer.add("\t")
            self._is_shared = False

    def data(self, text: str) -> None:
        """Add text, or the shared string with this index."""
        if not self._in_text:
            return
        if self._is_shared:
            index = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1  # noqa: PLR2004
            text = self._strings[index] if 0 <= index < len(self._strings) else ""
        self._buffer.add(text)


class _SharedStrings:
    """Collects the shared strings of a workbook."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._buffer = TextBuffer()
        self._in_text = False

    @property
    def is_done(self) -> bool:
        """Whether the strings exceed the limit on text."""
        return self._buffer.is_truncated

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Begin a string, or enter its text."""
        name = _local(tag)
        if name == "si":
            self.values.append("")
        self._in_text = name == "t"

    def end(self, _tag: str) -> None:
        """Leave a text element."""
        self._in_text = False

    def data(self, text: str) -> None:
        """Append to the current string."""
        if self._in_text and self.values:
            self._buffer.add(text)
            self.values[-1] += text
