"""Read Rich Text Format (RTF)."""

import re
from datetime import UTC, datetime
from typing import BinaryIO

from dam.media.documents.document import MAX_TEXT_LENGTH, Document

MAX_BYTES = 16 * MAX_TEXT_LENGTH
"""Maximum number of bytes read from a file. Embedded pictures often make up most of them."""


def read(stream: BinaryIO, _media_type: str) -> Document:
    """Read an RTF file. striprtf may raise any exception for damaged content."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415  an optional library

    data = stream.read(MAX_BYTES + 1)
    source = data[:MAX_BYTES].decode("latin-1")
    text: str = rtf_to_text(source, errors="replace")
    head = source[:65536]
    return Document(
        text[:MAX_TEXT_LENGTH],
        is_truncated=len(data) > MAX_BYTES or len(text) > MAX_TEXT_LENGTH,
        title=_info(head, "title"),
        author=_info(head, "author"),
        subject=_info(head, "subject"),
        created=_moment(head, "creatim"),
        modified=_moment(head, "revtim"),
    )


def _info(source: str, name: str) -> str | None:
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415  an optional library

    matched = re.search(r"\{\\" + name + r"\b([^{}]{1,1000})\}", source)
    if not matched:
        return None
    text: str = rtf_to_text("{\\rtf1\\ansi " + matched.group(1).strip() + "}", errors="replace")
    return " ".join(text.split()) or None


def _moment(source: str, name: str) -> datetime | None:
    group = re.search(r"\{\\" + name + r"((?:\\(?:yr|mo|dy|hr|min|sec)\d{1,4})+)", source)
    parts = dict(re.findall(r"\\([a-z]+)(\d+)", group.group(1))) if group else {}
    try:
        numbers = [int(parts.get(part, 0)) for part in ("yr", "mo", "dy", "hr", "min", "sec")]
        return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
