"""Read the words on the pages of a PDF that have no text, such as those of a scan."""

from collections.abc import Iterator
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.pdf import MAX_IN_MEMORY_BYTES
from dam.media.words.recognition import Line, Words, read_picture

MEDIA_TYPE = "application/pdf"
MAX_PAGES = 200
"""Maximum number of pages that are read: each takes seconds."""
MAX_CHARACTERS = 16
"""Maximum number of characters of a page that counts as one without text: scans have page numbers."""
LONGER_SIDE = 2000
"""Pixels of a page's longer side: 170 per inch of A4."""


def read_pages(stream: BinaryIO) -> Words:
    """Return the words on the pages without text.

    Raises:
        DecodeError: PDFium cannot open the file.

    """
    from pypdfium2 import PdfDocument, PdfiumError  # noqa: PLC0415  an optional library

    size = stream.seek(0, 2)
    stream.seek(0)
    try:
        with PdfDocument(stream.read() if size <= MAX_IN_MEMORY_BYTES else stream) as pdf:
            pages = len(pdf)
            lines = tuple(line for number in range(min(pages, MAX_PAGES)) for line in _read_page(pdf, number))
            return Words(lines, is_cut=pages > MAX_PAGES)
    except PdfiumError as exc:  # also for one that needs a password
        raise DecodeError(f"cannot be decoded as PDF: {exc}") from exc


def _read_page(pdf: "object", number: int) -> Iterator[Line]:
    from pypdfium2 import PdfiumError  # noqa: PLC0415  an optional library

    try:
        page = pdf[number]  # type: ignore[index]  # the library has no types
        try:
            text = page.get_textpage()
            try:
                has_text = text.count_chars() > MAX_CHARACTERS
            finally:
                text.close()
            if has_text:
                return
            scale = LONGER_SIDE / max(1.0, *page.get_size())
            picture = page.render(scale=scale).to_pil()
        finally:
            page.close()
    except PdfiumError:  # a damaged page
        return
    yield from read_picture(picture, number)
