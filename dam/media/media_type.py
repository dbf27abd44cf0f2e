"""The media type of a file: by its content; by its name only where the content does not tell."""

import mimetypes
from functools import cache
from pathlib import PurePath
from typing import Any

HEAD_BYTES = 8192
"""How much of a file's beginning the detection looks at."""

EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"

_TEXT_MAGIC = {
    b"%PDF-": "application/pdf",
    b"%!PS": "application/postscript",
    b"{\\rtf": "application/rtf",
}
_TEXT_FAMILIES = ("text/", "application/json", "application/xml", "application/javascript", "image/svg+xml")
_SYNONYMS = {"image/apng": "image/png", "image/jpx": "image/jp2"}

# Camera RAW files are TIFF files to any detector by content, and decode to their small preview: the name tells.
_RAW_IN_TIFF = {
    ".3fr": "image/x-hasselblad-3fr",
    ".arw": "image/x-sony-arw",
    ".cr2": "image/x-canon-cr2",
    ".dcr": "image/x-kodak-dcr",
    ".dng": "image/x-adobe-dng",
    ".erf": "image/x-epson-erf",
    ".iiq": "image/x-phaseone-iiq",
    ".kdc": "image/x-kodak-kdc",
    ".nef": "image/x-nikon-nef",
    ".nrw": "image/x-nikon-nrw",
    ".pef": "image/x-pentax-pef",
    ".sr2": "image/x-sony-sr2",
    ".srw": "image/x-samsung-srw",
}


def media_type(head: bytes, name: str) -> str:
    """Return the media type of a file that begins with `head` (at least `HEAD_BYTES`, or all) and is called `name`."""
    if not head:
        return EMPTY
    head = head[:HEAD_BYTES]
    if _is_text(head):
        return _type_of_text(head, name)
    found = _by_content(head)
    if found == "image/tiff":
        return _RAW_IN_TIFF.get(PurePath(name).suffix.lower(), found)
    return found or _by_name(name) or UNKNOWN


def _by_content(head: bytes) -> str | None:
    import filetype  # noqa: PLC0415  only ingest needs it

    matchers = filetype.types if head.startswith(_CONTAINERS) else _matchers_but_for_containers()
    found = filetype.match(head, matchers)
    return _SYNONYMS.get(found.mime, found.mime) if found else None


_CONTAINERS = (b"PK", b"\x1aE\xdf\xa3")
"""How files begin that are a ZIP archive, or EBML (Matroska)."""


@cache
def _matchers_but_for_containers() -> tuple[Any, ...]:
    """Return filetype's matchers but for those that search within containers: they take half of its time."""
    import filetype  # noqa: PLC0415
    from filetype.types import document, video  # noqa: PLC0415

    inside = document.ZippedDocumentBase | video.Mkv | video.Webm
    return tuple(matcher for matcher in filetype.types if not isinstance(matcher, inside))


def _type_of_text(head: bytes, name: str) -> str:
    for magic, found in _TEXT_MAGIC.items():
        if head.startswith(magic):
            return found
    if b"<svg" in head[:1024].lower():
        return "image/svg+xml"
    by_name = _by_name(name)
    return by_name if by_name and by_name.startswith(_TEXT_FAMILIES) else "text/plain"


def _is_text(head: bytes) -> bool:
    """Tell whether the bytes are UTF-8 without control characters; the last character may be cut off."""
    if b"\0" in head or head.translate(None, _CONTROLS) != head:  # most binary files have one: quickly seen
        return False
    try:
        head.decode()
    except UnicodeDecodeError as exc:
        return len(head) == HEAD_BYTES and exc.start > HEAD_BYTES - 4 and exc.reason == "unexpected end of data"
    return True


_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")


@cache
def _names() -> mimetypes.MimeTypes:
    """Return Python's own table: what the machine adds to it would differ from machine to machine."""
    return mimetypes.MimeTypes()


def _by_name(name: str) -> str | None:
    return _names().guess_type(name)[0]
