"""The media type of a file: by its content; by its name only where the content does not tell."""

import mimetypes
from functools import cache
from pathlib import PurePath
from typing import Any

HEAD_BYTES = 8192
"""How much of a file's beginning the detection looks at."""

EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"
XMP = "application/rdf+xml"
"""What is said of another file, in a file of its own: a sidecar (ISO 16684-1)."""

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

_EXCEL = "application/vnd.ms-excel"

_AS_NAMED = {
    "audio/ogg": {".ogv": "video/ogg"},
    "image/tiff": _RAW_IN_TIFF,
    "video/x-matroska": {".mka": "audio/x-matroska"},
    "video/x-ms-wmv": {".wma": "audio/x-ms-wma"},
}
"""What one container is used for, by the ending of the name."""

_NAMED = {
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
"""Sound and video that no detector by content knows; what is no such thing, FFmpeg does not open."""

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
_BRANDS = {
    b"crx ": "image/x-canon-cr3",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
}
"""The first brands of files in boxes (ISO/IEC 14496-12), and those that stand behind a general one."""
_GENERAL_BRANDS = {b"mif1": "image/heif", b"msf1": "image/heif"}

RAW_TYPES = frozenset(
    found for table in (_RAW_IN_TIFF, _MAGIC, _BRANDS) for found in table.values() if found.startswith("image/x-")
)
"""The media types of camera RAW files."""

_MAGIC_SIGNS = tuple(_MAGIC)


def media_type(head: bytes, name: str) -> str:
    """Return the media type of a file that begins with `head` (at least `HEAD_BYTES`, or all) and is called `name`."""
    if not head:
        return EMPTY
    head = head[:HEAD_BYTES]
    if _is_text(head):
        return _type_of_text(head, name)
    ending = PurePath(name).suffix.lower()
    found = _by_content(head)
    if found == _EXCEL and ending and not ending.startswith(".xl"):  # the detector takes other OLE files for it
        return _by_name(name) or "application/x-ole-storage"
    if found:
        return _AS_NAMED.get(found, {}).get(ending, found)
    return _NAMED.get(ending) or _by_name(name) or UNKNOWN


def _by_content(head: bytes) -> str | None:
    import filetype  # noqa: PLC0415  only ingest needs it

    if head.startswith(_MAGIC_SIGNS):
        return next(found for magic, found in _MAGIC.items() if head.startswith(magic))
    if head[4:8] == b"ftyp" and (picture := _by_brand(head)):
        return picture
    matchers = filetype.types if head.startswith(_CONTAINERS) else _matchers_for(head[0])
    found = filetype.match(head, matchers)
    return _SYNONYMS.get(found.mime, found.mime) if found else None


def _by_brand(head: bytes) -> str | None:
    """Return the type of a picture in boxes; None where the brands speak of something else."""
    size = min(int.from_bytes(head[:4]), len(head))
    major = head[8:12]
    if major not in _GENERAL_BRANDS:
        return _BRANDS.get(major)
    brands = (head[at : at + 4] for at in range(16, size - 3, 4))
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), _GENERAL_BRANDS[major])


_CONTAINERS = (b"PK", b"\x1aE\xdf\xa3")
"""How files begin that are a ZIP archive, or EBML (Matroska)."""


@cache
def _matchers_but_for_containers() -> tuple[Any, ...]:
    """Return filetype's matchers but for those that search within containers: they take half of its time."""
    import filetype  # noqa: PLC0415
    from filetype.types import document, video  # noqa: PLC0415

    inside = document.ZippedDocumentBase | video.Mkv | video.Webm
    return tuple(matcher for matcher in filetype.types if not isinstance(matcher, inside))


@cache
def _matchers_for(first: int) -> tuple[Any, ...]:
    """Return those of them that can match a file with this first byte: most look at that first."""
    return tuple(matcher for matcher in _matchers_but_for_containers() if _may_match(matcher, first))


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


def _type_of_text(head: bytes, name: str) -> str:
    for magic, found in _TEXT_MAGIC.items():
        if head.startswith(magic):
            return found
    if b"<svg" in head[:1024].lower():
        return "image/svg+xml"
    if b"<x:xmpmeta" in head[:1024]:
        return XMP
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
