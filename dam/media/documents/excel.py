"""Read workbooks of Excel 97 to 2003 (xls)."""

import io
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer

MAX_BYTES = 64 * 1024 * 1024
"""Maximum size of a workbook. xlrd holds it in memory."""


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a workbook: one line per row, cells separated by tabs. `pages` is the number of sheets.

    Raises:
        DecodeError: the workbook exceeds `MAX_BYTES`. (xlrd raises any exception for damaged content.)

    """
    from xlrd import XLRDError, open_workbook  # noqa: PLC0415  an optional library

    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DecodeError(f"the workbook exceeds the limit of {MAX_BYTES:,} bytes")
    try:
        book = open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True)
    except XLRDError as exc:
        if "encrypted" in str(exc):
            return Document(encrypted=True)
        raise
    with book:
        buffer = TextBuffer()
        for number in range(book.nsheets):
            sheet = book.sheet_by_index(number)
            for row in range(sheet.nrows):
                buffer.add("\t".join(map(_cell_text, sheet.row_values(row))).rstrip() + "\n")
                if buffer.is_truncated:
                    break
            book.unload_sheet(number)
            if buffer.is_truncated:
                break
        return Document(buffer.text(), is_truncated=buffer.is_truncated, pages=book.nsheets)


def _cell_text(value: object) -> str:
    """Return the text of a cell. All numbers are floats in this format; integers are written without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
