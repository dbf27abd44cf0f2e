"""Read plain text in common encodings, and the text of HTML."""

import codecs
import re
from html import unescape
from typing import BinaryIO

from dam.media.documents.document import MAX_TEXT_LENGTH, Document
from dam.media.documents.text_buffer import TextBuffer

MAX_BYTES = 4 * MAX_TEXT_LENGTH
"""Maximum number of bytes read from a file. A character takes at most four bytes in UTF-8, UTF-16 and UTF-32."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read(stream: BinaryIO, media_type: str) -> Document:
    """Read a text or HTML file."""
    data = stream.read(MAX_BYTES + 1)
    text = decode_text(data[:MAX_BYTES])
    is_truncated = len(data) > MAX_BYTES or len(text) > MAX_TEXT_LENGTH
    if media_type in ("text/html", "application/xhtml+xml"):
        body, title = strip_tags(text)
        return Document(body[:MAX_TEXT_LENGTH], is_truncated=is_truncated, title=title)
    return Document(text[:MAX_TEXT_LENGTH], is_truncated=is_truncated)


def decode_text(data: bytes) -> str:
    """Decode text by its byte order mark, or as UTF-8, or as Windows-1252, which includes Latin-1's characters."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        # Without `final`, since the last character may be truncated
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


_IGNORED = {"script", "style", "template", "title"}
"""Elements whose content is not part of the page's text."""
_INLINE = {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "ruby"}
_INLINE |= {"rp", "rt", "s", "samp", "small", "span", "strong", "sub", "sup", "tt", "time", "u", "var", "wbr"}
"""Elements that do not separate words; all others do."""

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]*")


def strip_tags(html: str) -> tuple[str, str | None]:
    """Return the text and the title of an HTML page.

    A single pass takes linear time for any input. It is not a parser: if an attribute's value contains `>`, the rest of
    the value counts as text.
    """
    first, *commented = html.split("<!--")
    pieces = "".join([first, *(after.partition("-->")[2] for after in commented)]).split("<")
    out = [pieces[0]]
    title: list[str] = []
    ignored = ""  # the enclosing element whose content is ignored
    for piece in pieces[1:]:
        matched = _NAME.match(piece)
        name = matched.group().lower() if matched else ""
        _, _, rest = piece.partition(">")
        if ignored:
            if name == f"/{ignored}":
                ignored = ""
                out.append(f"\n{rest}")
        elif name in _IGNORED:
            ignored = name
            if name == "title" and not title:
                title.append(rest)
        elif name or piece.startswith(("!", "?", "/")):
            out.append(rest if name.removeprefix("/") in _INLINE else f"\n{rest}")
        else:
            out.append(f"<{piece}")  # a literal less-than sign
    found_title = " ".join(unescape("".join(title)).split()) or None
    return _collapsed(unescape("".join(out))), found_title


def _collapsed(text: str) -> str:
    """Collapse white space within lines, and remove empty lines."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def add_page(buffer: TextBuffer, html: bytes) -> None:
    """Add the text of an HTML page to a buffer."""
    buffer.add(strip_tags(decode_text(html))[0] + "\n")
