"""What one chooses an asset by, in words: format, dimensions, size, date, duration, bit rate."""

from dam.render.text import counted, human_size, safe
from dam.services.catalogue.assets import Asset
from dam.services.catalogue.facts import Facts

_FORMATS = {
    "application/epub+zip": "EPUB",
    "application/msword": "Word",
    "application/octet-stream": "unknown format",
    "application/pdf": "PDF",
    "application/rdf+xml": "XMP sidecar",
    "application/rtf": "RTF",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.oasis.opendocument.presentation": "ODP",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/x-empty": "empty",
    "application/zip": "ZIP",
    "audio/mp4": "M4A",
    "audio/mpeg": "MP3",
    "image/svg+xml": "SVG",
    "image/vnd.adobe.photoshop": "PSD",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/plain": "text",
    "video/mp2t": "MPEG-TS",
    "video/quicktime": "QuickTime",
    "video/x-matroska": "Matroska",
    "video/x-msvideo": "AVI",
}
_MEDIA = ("image", "video", "audio")
_RAW_MARKERS = 2
"""Number of hyphens in a type such as `image/x-canon-cr2`: the maker and the format."""


def format_name(media_type: str) -> str:
    """Return the usual name of a format, such as `JPEG`; a media type without one stays as it is."""
    if known := _FORMATS.get(media_type):
        return known
    top, _, name = media_type.partition("/")
    if top not in _MEDIA:
        return safe(media_type)
    parts = name.removeprefix("x-").split("-")
    return safe(f"{parts[0].capitalize()} {parts[-1].upper()}" if len(parts) == _RAW_MARKERS else name[:12].upper())


def dimensions(width: int, height: int) -> str:
    """Return a size in pixels, such as `4000×3000`."""
    return f"{width}×{height}"


def duration(seconds: float) -> str:
    """Return a duration, such as `1:02:03` or `0:07`; less than ten seconds have a fraction."""
    if seconds < 10:  # noqa: PLR2004  short sounds differ in fractions
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def bit_rate(bits: int) -> str:
    """Return bits per second, such as `320 kbit/s`."""
    return f"{bits / 1e6:.1f} Mbit/s" if bits >= 1e6 else f"{bits / 1e3:.0f} kbit/s"  # noqa: PLR2004  the step


def moment(iso: str) -> str:
    """Return an ISO 8601 time for people: to the minute, without its offset."""
    return iso[:16].replace("T", " ")


def date(facts: Facts) -> str | None:
    """Return when a content was made; of one that does not say, when its file was changed."""
    if facts.taken:
        return safe(moment(facts.taken))
    return f"modified {moment(facts.modified)}" if facts.modified else None


def summary(asset: Asset) -> str:
    """Return what one chooses an asset by, on one line."""
    facts = asset.facts
    parts = [
        format_name(asset.media_type),
        dimensions(facts.width, facts.height) if facts.width and facts.height else None,
        counted(facts.pages, "page") if facts.pages else None,
        duration(facts.duration) if facts.duration else None,
        bit_rate(facts.bit_rate) if facts.bit_rate else None,
        human_size(asset.size),
        date(facts),
    ]
    return "  ".join(part for part in parts if part)
