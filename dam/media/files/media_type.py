"""Detect the media type of a file by content, and by name where the content is ambiguous."""

import mimetypes
from functools import cache
from pathlib import PurePath
from typing import Any

from dam.media.files.iso_media import OpenContent, iso_media_type

HEAD_BYTES = 8192
"""Number of bytes at the beginning of a file that the detection reads."""

EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"
XMP = "application/rdf+xml"
"""Media type of an XMP sidecar, which holds the metadata of another file (ISO 16684-1)."""

_TEXT_MAGIC = {
    b"%PDF-": "application/pdf",
    b"%!PS": "application/postscript",
    b"{\\rtf": "application/rtf",
}
_TEXT_PREFIXES = ("text/", "application/json", "application/xml", "application/javascript", "image/svg+xml")
_SYNONYMS = {"image/apng": "image/png", "image/jpx": "image/jp2"}

# Many camera RAW formats are TIFF files by content. Decoded as TIFF they give a small preview; the extension decides.
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

_EXCEL = "application/vnd.ms-excel"

_BY_CONTENT_AND_EXTENSION = {
    "audio/ogg": {".ogv": "video/ogg"},
    "image/tiff": _RAW_IN_TIFF,
    "video/x-matroska": {".mka": "audio/x-matroska"},
    "video/x-ms-wmv": {".wma": "audio/x-ms-wma"},
}
"""Media types that share a container format, by detected type and then by extension."""

_BY_EXTENSION = {
    ".ac3": "audio/ac3",
    ".ape": "audio/x-ape",
    ".caf": "audio/x-caf",
    ".dv": "video/x-dv",
    ".m2ts": "video/mp2t",
    ".mts": "video/mp2t",
    ".mxf": "video/x-mxf",
    ".ts": "video/mp2t",
    ".tta": "audio/x-tta",
    ".wv": "audio/x-wavpack",
}
"""Audio and video formats that the content detector does not know. FFmpeg rejects a file with a wrong extension."""

_MAGIC = {
    b"\xff\x0a": "image/jxl",
    b"\0\0\0\x0cJXL \r\n\x87\n": "image/jxl",
    b"FUJIFILMCCD-RAW": "image/x-fuji-raf",
    b"IIRO": "image/x-olympus-orf",
    b"IIRS": "image/x-olympus-orf",
    b"MMOR": "image/x-olympus-orf",
    b"IIU\0": "image/x-panasonic-rw2",
    b"FOVb": "image/x-sigma-x3f",
    b"\0MRM": "image/x-minolta-mrw",
    b"II\x1a\0\0\0HEAPCCDR": "image/x-canon-crw",
}
_BRANDS = {  # ftyp brands (ISO/IEC 14496-12, section 4.3)
    b"crx ": "image/x-canon-cr3",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
}
_GENERIC_BRANDS = {b"mif1": "image/heif", b"msf1": "image/heif"}
"""Major brands of any coding; the compatible brands tell which."""

RAW_TYPES = frozenset(
    mime for table in (_RAW_IN_TIFF, _MAGIC, _BRANDS) for mime in table.values() if mime.startswith("image/x-")
)
"""Media types of camera RAW files."""

_MAGIC_PREFIXES = tuple(_MAGIC)


def media_type(head: bytes, name: str, open_content: OpenContent | None = None) -> str:
    """Return the media type of a file.

    `head` is the beginning of the file: at least `HEAD_BYTES` bytes, or the whole file. `name` is its name or path.
    `open_content` opens the whole, which tells audio from video where the head does not.
    """
    if not head:
        return EMPTY
    head = head[:HEAD_BYTES]
    if _is_text(head):
        return _text_type(head, name)
    extension = PurePath(name).suffix.lower()
    detected = _by_content(head)
    if detected == _EXCEL and extension and not extension.startswith(".xl"):  # filetype reports any OLE file as Excel
        return _by_name(name) or "application/x-ole-storage"
    if detected and head[4:8] == b"ftyp" and detected.startswith(("audio/", "video/")):
        return iso_media_type(head, name, open_content)
    if detected:
        return _BY_CONTENT_AND_EXTENSION.get(detected, {}).get(extension, detected)
    return _BY_EXTENSION.get(extension) or _by_name(name) or UNKNOWN


def _by_content(head: bytes) -> str | None:
    import filetype  # noqa: PLC0415  only ingest needs it

    if head.startswith(_MAGIC_PREFIXES):
        return next(mime for magic, mime in _MAGIC.items() if head.startswith(magic))
    if head[4:8] == b"ftyp" and (image_type := _by_brand(head)):
        return image_type
    matchers = filetype.types if head.startswith(_CONTAINER_MAGIC) else _matchers_for(head[0])
    matched = filetype.match(head, matchers)
    return _SYNONYMS.get(matched.mime, matched.mime) if matched else None


def _by_brand(head: bytes) -> str | None:
    """Return the image type that the `ftyp` brands declare; None for other brands."""
    size = min(int.from_bytes(head[:4]), len(head))
    major = head[8:12]
    if major not in _GENERIC_BRANDS:
        return _BRANDS.get(major)
    compatible = (head[offset : offset + 4] for offset in range(16, size - 3, 4))
    return next((_BRANDS[brand] for brand in compatible if brand in _BRANDS), _GENERIC_BRANDS[major])


_CONTAINER_MAGIC = (b"PK", b"\x1aE\xdf\xa3")
"""Magic numbers of ZIP archives and of EBML (Matroska)."""


@cache
def _matchers_without_containers() -> tuple[Any, ...]:
    """Return filetype's matchers except those that search inside containers, which take half of its time."""
    import filetype  # noqa: PLC0415
    from filetype.types import document, video  # noqa: PLC0415

    containers = document.ZippedDocumentBase | video.Mkv | video.Webm
    return tuple(matcher for matcher in filetype.types if not isinstance(matcher, containers))


@cache
def _matchers_for(first: int) -> tuple[Any, ...]:
    """Return the matchers that can match a file with this first byte: most look at that first."""
    return tuple(matcher for matcher in _matchers_without_containers() if _may_match(matcher, first))


def _may_match(matcher: Any, first: int) -> bool:
    try:
        return bool(matcher.match(_FirstByte(first)))
    except Exception:  # noqa: BLE001  it asks for more than the first byte
        return True


class _FirstByte:
    """The head of a long file, of which no more than the first byte is known."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __len__(self) -> int:
        return HEAD_BYTES

    def __getitem__(self, index: int | slice) -> int:
        if index != 0:
            raise LookupError(index)
        return self._value


def _text_type(head: bytes, name: str) -> str:
    for magic, mime in _TEXT_MAGIC.items():
        if head.startswith(magic):
            return mime
    if b"<svg" in head[:1024].lower():
        return "image/svg+xml"
    if b"<x:xmpmeta" in head[:1024] or (b"<rdf:RDF" in head[:1024] and name.lower().endswith(".xmp")):
        return XMP  # the wrapper x:xmpmeta is optional
    by_name = _by_name(name)
    return by_name if by_name and by_name.startswith(_TEXT_PREFIXES) else "text/plain"


def _is_text(head: bytes) -> bool:
    """Return whether the bytes are UTF-8 without control characters; the last character may be truncated."""
    if b"\0" in head or head.translate(None, _CONTROLS) != head:  # a fast test that most binary files fail
        return False
    try:
        head.decode()
    except UnicodeDecodeError as exc:
        return len(head) == HEAD_BYTES and exc.start > HEAD_BYTES - 4 and exc.reason == "unexpected end of data"
    return True


_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")


@cache
def _names() -> mimetypes.MimeTypes:
    """Return Python's built-in table, without the entries of the system, which differ between machines."""
    return mimetypes.MimeTypes()


def _by_name(name: str) -> str | None:
    return _names().guess_type(name)[0]
