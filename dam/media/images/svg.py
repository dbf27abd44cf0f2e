"""Render SVG images with resvg, without scripts, network access or other files.

The renderer gets the serialised tree that was checked, not the original file. Text is not rendered, because its shape
would depend on the fonts of the machine.
"""

import io
import re
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import Element, tostring  # only serialises; defusedxml parses

from dam.core.errors import DecodeError
from dam.media.images.pixel_limit import FULL_SIZE

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "svg"
LIBRARIES = ("resvg_py",)
MEDIA_TYPES = frozenset({"image/svg+xml"})

MAX_BYTES = 16 * 1024 * 1024
"""Maximum size of a file."""
MAX_RENDERED_SIDE = 2048
"""Maximum length of the longer side as rendered, in pixels; larger images are scaled down."""
MAX_SIDE = 1_000_000
"""Maximum width and height that a file may declare, in CSS pixels."""
DEFAULT_SIZE = (100.0, 100.0)
"""Size of an image without width, height and viewBox, in CSS pixels."""

_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_LENGTH = re.compile(r"\s*\+?(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*")
_INTERNAL = re.compile(r"\s*(#|data:image/(png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
_URL_FUNCTION = re.compile(r"""url\(\s*['"]?""", re.IGNORECASE)


def open_image(stream: BinaryIO) -> "Image":
    """Render an image on a white background.

    Raises:
        DecodeError: the file is too large or damaged, has entities, or refers to external resources.

    """
    from PIL import Image  # noqa: PLC0415  an optional library

    root = _parse(stream)
    for element in root.iter():
        _check(element)
    width, height = _size(root)
    root.set("width", f"{width:f}")
    root.set("height", f"{height:f}")
    scale = min(1.0, MAX_RENDERED_SIDE / max(width, height))
    png = _render(root, max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")
    image.info[FULL_SIZE] = (max(1, round(width)), max(1, round(height)))
    return image


def _render(root: Element, width: int, height: int) -> bytes:
    """Render the tree to a PNG file."""
    import resvg_py  # noqa: PLC0415  an optional library

    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=tostring(root, encoding="unicode"),
                width=width,
                height=height,
                background="#ffffff",
                dpi=96,
                skip_system_fonts=True,
            )
        )
    except BaseException as exc:
        if type(exc).__name__ != "PanicException":  # a Rust panic, whose class cannot be imported
            raise
        raise DecodeError(f"cannot be rendered: {exc}") from exc


def _parse(stream: BinaryIO) -> Element:
    from defusedxml import DefusedXmlException  # noqa: PLC0415  an optional library
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415  the same

    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DecodeError(f"the SVG file exceeds the limit of {MAX_BYTES:,} bytes")
    try:
        root: Element = fromstring(content)
    except DefusedXmlException as exc:
        raise DecodeError(f"the SVG file declares entities, which are not permitted: {type(exc).__name__}") from exc
    if _local(root.tag) != "svg":
        raise DecodeError("the file is not SVG: its root element is not svg")
    return root


def _check(element: Element) -> None:
    """Raise DecodeError if an element refers to an external resource."""
    for name, value in element.attrib.items():
        is_reference = _local(name) in ("href", "src") and _local(element.tag) != "a"  # renderers do not follow <a>
        if is_reference and value.strip() and not _INTERNAL.match(value):
            raise DecodeError(f"the SVG file refers to an external resource, which is not permitted: {value[:80]}")
        _check_style(value)
    if _local(element.tag) == "style":
        text = "".join(element.itertext())
        if "@import" in text.lower():
            raise DecodeError("the SVG file imports a style sheet, which is not permitted")
        _check_style(text)


def _check_style(text: str) -> None:
    if any(not _INTERNAL.match(text, call.end()) for call in _URL_FUNCTION.finditer(text)):
        raise DecodeError(f"the SVG file refers to an external resource, which is not permitted: {text[:80]}")


def _size(root: Element) -> tuple[float, float]:
    """Return width and height in CSS pixels."""
    width, height = _length(root.get("width")), _length(root.get("height"))
    view_box = [float(number) for number in re.findall(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", root.get("viewBox") or "")]
    view_box_size = (view_box[2], view_box[3]) if len(view_box) == 4 and min(view_box[2:]) > 0 else None  # noqa: PLR2004  x, y, width, height
    if width is None and height is None:
        width, height = view_box_size or DEFAULT_SIZE
    elif width is None and height is not None:
        width = height * view_box_size[0] / view_box_size[1] if view_box_size else height
    elif height is None and width is not None:
        height = width * view_box_size[1] / view_box_size[0] if view_box_size else width
    assert width is not None  # noqa: S101  one of the cases above
    assert height is not None  # noqa: S101  the same
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise DecodeError(f"the SVG image has an unsupported size of {width:g} × {height:g} pixels")
    return width, height


def _length(text: str | None) -> float | None:
    """Return a length in CSS pixels; None if it is absent, invalid, or relative to the viewport."""
    matched = _LENGTH.fullmatch(text or "")
    unit = _UNITS.get(matched[2]) if matched else None
    return float(matched[1]) * unit if matched and unit else None


def _local(name: object) -> str:
    """Return a name without its namespace, in lower case; empty for comments and processing instructions."""
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""
