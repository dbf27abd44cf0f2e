"""Office Open XML (ISO/IEC 29500): docx, xlsx, pptx."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer
from dam.media.documents.zipped_xml import Archive, Fields

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
    """Read a document, workbook or presentation. Pages are as its program counted them, or slides, or sheets."""
    archive = Archive(stream)
    parts = sorted(filter(_BODY.fullmatch, archive.names), key=_in_order)
    if not parts:
        raise DecodeError("it has no part with text")
    core, counts = Fields(_CORE), Fields(_COUNTS)
    archive.parse("docProps/core.xml", core)
    archive.parse("docProps/app.xml", counts)
    buffer = TextBuffer()
    strings = _Strings()
    archive.parse(_STRINGS, strings)
    for part in parts:
        archive.parse(part, _Text(buffer, strings.found))
        if buffer.is_full:
            break
    return Document(
        buffer.text(),
        is_cut=buffer.is_cut or archive.is_cut,
        pages=sum(1 for part in parts if _PAGE.fullmatch(part)) or counts.number("pages"),
        title=core.text("title"),
        author=core.text("author"),
        subject=core.text("subject"),
        created=core.moment("created"),
        modified=core.moment("modified"),
    )


def _in_order(part: str) -> tuple[str, int]:
    """Sort slide 10 after slide 9, and notes after the document."""
    digits = re.sub(r"\D", "", part)
    return re.sub(r"\d", "", part), int(digits or 0)


@lru_cache(maxsize=256)
def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


class _Text:
    """The text of a part: runs are joined, paragraphs and rows are lines, cells are apart."""

    def __init__(self, buffer: TextBuffer, strings: list[str]) -> None:
        self._buffer = buffer
        self._strings = strings
        self._within = False
        self._is_shared = False

    @property
    def is_done(self) -> bool:
        """Whether there is no room for more."""
        return self._buffer.is_full

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Notice where text begins."""
        name = _local(tag)
        if name in ("t", "v"):
            self._within = True
        elif name in ("tab", "br", "cr"):
            self._buffer.add(" ")
        elif name == "c":
            self._is_shared = attributes.get("t") == "s"

    def end(self, tag: str) -> None:
        """Notice where text ends."""
        name = _local(tag)
        if name in ("t", "v"):
            self._within = False
        elif name in ("p", "row"):
            self._buffer.add("\n")
        elif name == "c":
            self._buffer.add("\t")
            self._is_shared = False

    def data(self, text: str) -> None:
        """Take text, or the number of a shared one."""
        if not self._within:
            return
        if self._is_shared:
            place = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1  # noqa: PLR2004
            text = self._strings[place] if 0 <= place < len(self._strings) else ""
        self._buffer.add(text)


class _Strings:
    """The texts that the cells of a workbook share."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._bound = TextBuffer()
        self._within = False

    @property
    def is_done(self) -> bool:
        """Whether these are more than any text that is read."""
        return self._bound.is_full

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Begin with a text."""
        name = _local(tag)
        if name == "si":
            self.found.append("")
        self._within = name == "t"

    def end(self, _tag: str) -> None:
        """End a text."""
        self._within = False

    def data(self, text: str) -> None:
        """Add to the latest text."""
        if self._within and self.found:
            self._bound.add(text)
            self.found[-1] += text
