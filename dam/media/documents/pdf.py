"""PDF with PDFium. It is not thread-safe: it belongs into processes, and there each has one thread that decodes."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGES = 2000
"""Pages whose text is read."""

IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Larger files are read where they are."""

_NEEDS_PASSWORD = 4


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a PDF file. One that needs a password has neither text nor properties, but is encrypted."""
    from pypdfium2 import PdfDocument, PdfiumError, raw  # noqa: PLC0415  an optional library

    size = stream.seek(0, 2)
    stream.seek(0)
    source = stream.read() if size <= IN_MEMORY_BYTES else stream
    try:
        pdf = PdfDocument(source)
    except PdfiumError as exc:
        if exc.err_code == _NEEDS_PASSWORD:
            return Document(encrypted=True)
        raise DecodeError(f"cannot be decoded as PDF: {exc}") from exc
    with pdf:
        buffer = TextBuffer()
        pages = len(pdf)
        for number in range(min(pages, MAX_PAGES)):
            _add_page(buffer, pdf, number)
            if buffer.is_full:
                break
        said = pdf.get_metadata_dict()
        return Document(
            buffer.text(),
            is_cut=buffer.is_cut or pages > MAX_PAGES,
            pages=pages,
            title=_told(said["Title"]),
            author=_told(said["Author"]),
            subject=_told(said["Subject"]),
            created=pdf_date(said["CreationDate"]),
            modified=pdf_date(said["ModDate"]),
            encrypted=raw.FPDF_GetSecurityHandlerRevision(pdf) >= 0,
        )


def _add_page(buffer: TextBuffer, pdf: "PdfDocument", number: int) -> None:
    """Add a page's text; one that is damaged has none."""
    from pypdfium2 import PdfiumError  # noqa: PLC0415  an optional library

    try:
        page = pdf[number]
        try:
            text = page.get_textpage()
            try:
                buffer.add(text.get_text_bounded().replace("\r\n", "\n") + "\n")
            finally:
                text.close()
        finally:
            page.close()
    except PdfiumError:
        return


def _told(value: str) -> str | None:
    return " ".join(value.split()) or None


_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([Zz+-])(?:(\d\d)'?(?:(\d\d)'?)?)?)?")


def pdf_date(written: str) -> datetime | None:
    """Return the moment of a date such as `D:20240305102030+01'00'` (PDF 32000-1, 7.9.4); without a zone it is UTC."""
    matched = _DATE.match(written.strip())
    if not matched:
        return None
    parts = zip(matched.group(1, 2, 3, 4, 5, 6), "011000", strict=True)
    year, month, day, hour, minute, second = (int(part or least) for part, least in parts)
    sign, hours, minutes = matched.group(7, 8, 9)
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-away if sign == "-" else away) if away else UTC
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
