"""The workbooks of Excel up to 2003."""

import io
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.documents.document import Document
from dam.media.documents.text_buffer import TextBuffer

MAX_BYTES = 64 * 1024 * 1024
"""Larger workbooks are not read: the library holds them whole."""


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read a workbook: a line a row. Pages are its sheets."""
    from xlrd import XLRDError, open_workbook  # noqa: PLC0415  an optional library

    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DecodeError(f"more than {MAX_BYTES:,} bytes are not read")
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
                buffer.add("\t".join(map(_written, sheet.row_values(row))).rstrip() + "\n")
                if buffer.is_full:
                    break
            book.unload_sheet(number)
            if buffer.is_full:
                break
        return Document(buffer.text(), is_cut=buffer.is_cut, pages=book.nsheets)


def _written(value: object) -> str:
    """Write a cell as a person would: every number is a float in these files."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
