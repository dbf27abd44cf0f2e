"""Plain text, in whatever encoding, and HTML without its tags."""

import codecs
import re
from html import unescape
from typing import BinaryIO

from dam.media.documents.document import TEXT_LIMIT, Document
from dam.media.documents.text_buffer import TextBuffer

MAX_BYTES = 4 * TEXT_LIMIT
"""What is read of a file: no character of UTF-8 or UTF-16 takes more than four bytes."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read(stream: BinaryIO, media_type: str) -> Document:
    """Read a text file."""
    data = stream.read(MAX_BYTES + 1)
    text = decode_text(data[:MAX_BYTES])
    is_cut = len(data) > MAX_BYTES or len(text) > TEXT_LIMIT
    if media_type in ("text/html", "application/xhtml+xml"):
        body, title = strip_tags(text)
        return Document(body[:TEXT_LIMIT], is_cut=is_cut, title=title)
    return Document(text[:TEXT_LIMIT], is_cut=is_cut)


def decode_text(data: bytes) -> str:
    """Decode text: as its byte order mark says, else as UTF-8, else as Windows-1252, which has all of Latin-1."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        # Not `final`: the last character may be cut off
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


_SILENT = {"script", "style", "template", "title"}
"""Elements whose content is no text of the page."""
_INLINE = {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "ruby"}
_INLINE |= {"rp", "rt", "s", "samp", "small", "span", "strong", "sub", "sup", "tt", "time", "u", "var", "wbr"}
"""Elements that do not part words; all others do."""

_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9]*")


def strip_tags(html: str) -> tuple[str, str | None]:
    """Return the text of a page, and its title.

    It is read once from left to right and takes time in proportion to its length, whatever is in it. It is no parser:
    where a tag ends within an attribute's value, some of that value counts as text.
    """
    first, *commented = html.split("<!--")
    pieces = "".join([first, *(after.partition("-->")[2] for after in commented)]).split("<")
    out = [pieces[0]]
    title: list[str] = []
    silent = ""  # the element that we are in, if its content is left out
    for piece in pieces[1:]:
        matched = _NAME.match(piece)
        name = matched.group().lower() if matched else ""
        _, _, rest = piece.partition(">")
        if silent:
            if name == f"/{silent}":
                silent = ""
                out.append(f"\n{rest}")
        elif name in _SILENT:
            silent = name
            if name == "title" and not title:
                title.append(rest)
        elif name or piece.startswith(("!", "?", "/")):
            out.append(rest if name.removeprefix("/") in _INLINE else f"\n{rest}")
        else:
            out.append(f"<{piece}")  # no tag: a sign
    found_title = " ".join(unescape("".join(title)).split()) or None
    return _squeezed(unescape("".join(out))), found_title


def _squeezed(text: str) -> str:
    """Return text without the blanks and empty lines that markup leaves."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def add_page(buffer: TextBuffer, html: bytes) -> None:
    """Add the text of a page to a buffer."""
    buffer.add(strip_tags(decode_text(html))[0] + "\n")
