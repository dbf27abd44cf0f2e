"""Read PDF with PDFium. PDFium is not thread-safe: only one thread of a process may use it."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGES = 2000
"""Maximum number of pages whose text is read."""

MAX_IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Maximum size of a file that is read into memory; PDFium reads larger ones from the stream."""

_NEEDS_PASSWORD = 4  # FPDF_ERR_PASSWORD


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a PDF file. If opening needs a password, the result has `encrypted` and nothing else.

    Raises:
        DecodeError: PDFium cannot open the file.

    """
    from pypdfium2 import PdfDocument, PdfiumError, raw  # noqa: PLC0415  an optional library

    size = stream.seek(0, 2)
    stream.seek(0)
    source = stream.read() if size <= MAX_IN_MEMORY_BYTES else stream
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
            if buffer.is_truncated:
                break
        properties = {key: _property(pdf, key) for key in pdf.METADATA_KEYS}
        (created, created_offset), (modified, modified_offset) = (
            pdf_date(properties[key]) for key in ("CreationDate", "ModDate")
        )
        return Document(
            buffer.text(),
            is_truncated=buffer.is_truncated or pages > MAX_PAGES,
            pages=pages,
            title=_one_line(properties["Title"]),
            author=_one_line(properties["Author"]),
            subject=_one_line(properties["Subject"]),
            created=created,
            modified=modified,
            created_offset=created_offset,
            modified_offset=modified_offset,
            encrypted=raw.FPDF_GetSecurityHandlerRevision(pdf) >= 0,
        )


def _add_page(buffer: TextBuffer, pdf: "PdfDocument", number: int) -> None:
    """Add the text of a page; skip a damaged page."""
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


def _property(pdf: "PdfDocument", key: str) -> str:
    """Return a property; an empty text if it is not valid UTF-16, such as with half of a surrogate pair."""
    try:
        return str(pdf.get_metadata_value(key))
    except UnicodeDecodeError:
        return ""


def _one_line(value: str) -> str | None:
    return " ".join(value.split()) or None


_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([Zz+-])(?:(\d\d)'?(?:(\d\d)'?)?)?)?")


def pdf_date(text: str) -> tuple[datetime | None, int | None]:
    """Parse a date such as `D:20240305102030+01'00'` (ISO 32000-1, 7.9.4) to UTC, and its offset in minutes.

    A date without an offset is taken as UTC, and its offset is None. Both are None for what is no date.
    """
    matched = _DATE.match(text.strip())
    if not matched:
        return None, None
    parts = zip(matched.group(1, 2, 3, 4, 5, 6), "011000", strict=True)
    year, month, day, hour, minute, second = (int(part or default) for part, default in parts)
    sign, hours, minutes = matched.group(7, 8, 9)
    east = (int(hours or 0) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        zone = timezone(timedelta(minutes=east))
        date = datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None, None
    return date, east if sign else None
