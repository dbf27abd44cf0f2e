"""Read the properties and the text of documents, within limits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from typing import BinaryIO, TypeAlias

from dam.core.errors import TOO_MUCH_MEMORY, DecodeError
from dam.core.extras import extra_hint
from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle, no_decoder, obstacles_of

MAX_TEXT_LENGTH = 1_000_000
"""Maximum length of a document's text, in characters."""


@dataclass(frozen=True)
class Document:
    """Properties and text of a document. None marks an absent property."""

    text: str | None = None
    """At most `MAX_TEXT_LENGTH` characters; None if reading needs a password."""
    is_truncated: bool = False
    """Whether the document has more text than `text`."""
    pages: int | None = None
    """Number of pages, slides or sheets."""
    title: str | None = None
    author: str | None = None
    subject: str | None = None
    created: datetime | None = None
    """UTC."""
    modified: datetime | None = None
    """UTC."""
    created_offset: int | None = None
    """Minutes to add to `created` to get the local time; None if it is not known."""
    modified_offset: int | None = None
    """The same of `modified`."""
    encrypted: bool = False


Reader: TypeAlias = Callable[[BinaryIO, str], Document]


def _reader_of(media_type: str) -> str | None:
    """Return the name of the module in `dam.media.documents` that reads a media type; None if there is none."""
    if media_type.startswith("text/"):
        return "plain_text"
    return _READERS.get(media_type)


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_READERS = {
    "application/pdf": "pdf",
    "application/rtf": "rich_text",
    "application/epub+zip": "epub",
    "application/vnd.ms-excel": "excel",
    f"{_OOXML}wordprocessingml.document": "ooxml",
    f"{_OOXML}spreadsheetml.sheet": "ooxml",
    f"{_OOXML}presentationml.presentation": "ooxml",
    f"{_ODF}text": "odf",
    f"{_ODF}spreadsheet": "odf",
    f"{_ODF}presentation": "odf",
}


@cache
def installed() -> bool:
    """Return whether the `documents` extra is installed."""
    return all(find_spec(name) for name in ("numpy", "pypdfium2", "striprtf", "xlrd"))


@obstacles_of(Kind.DOCUMENT)
def obstacle(media_type: str) -> Obstacle | None:
    """Return why such a document cannot be read here, or None if it can."""
    if _reader_of(media_type) is None:
        return no_decoder(media_type)
    # Text itself needs no library; its fingerprint needs the one that images need, too
    is_there = find_spec("numpy") is not None if media_type.startswith("text/") else installed()
    if is_there:
        return None
    return Obstacle(f"fingerprints of documents need {extra_hint('documents')}, then dam-cli run-systems", "documents")


def decode(stream: BinaryIO, media_type: str) -> Document:
    """Read a document whose media type has no obstacle.

    Raises:
        DecodeError: the content is damaged.
        OSError: the stream cannot be read.

    """
    from importlib import import_module  # noqa: PLC0415  only here

    name = _reader_of(media_type)
    assert name  # noqa: S101  the caller has checked for an obstacle
    read: Reader = import_module(f"dam.media.documents.{name}").read
    try:
        return _storable(read(stream, media_type))
    except (DecodeError, OSError):
        raise
    except MemoryError as exc:
        raise DecodeError(TOO_MUCH_MEMORY) from exc
    except Exception as exc:  # readers raise any exception for hostile content
        raise DecodeError(f"cannot be decoded as {media_type}: {str(exc) or type(exc).__name__}") from exc


def _storable(document: Document) -> Document:
    """Return a document whose texts any database can store: without NUL, and with lone surrogates replaced."""
    texts = (document.text, document.title, document.author, document.subject)
    if all(text is None or _is_clean(text) for text in texts):
        return document
    text, title, author, subject = (text and _clean(text) for text in texts)
    return replace(document, text=text, title=title, author=author, subject=subject)


def _is_clean(text: str) -> bool:
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
