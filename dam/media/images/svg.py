"""Rendering SVG pictures, with resvg: no scripts, no network, no other files.

What is rendered is the tree that was checked, written down anew. Text is left out: its shape would depend on the fonts
of the machine.
"""

import io
import re
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import Element, tostring  # only writes; defusedxml reads

from dam.core.errors import DecodeError
from dam.media.images.pixel_limit import FULL_SIZE

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "svg"
LIBRARIES = ("resvg_py",)
MEDIA_TYPES = frozenset({"image/svg+xml"})

MAX_BYTES = 16 * 1024 * 1024
RENDERED_SIDE = 2048
"""Larger pictures are rendered with a longer side of so many pixels."""
MAX_SIDE = 1_000_000
WITHOUT_SIZE = (100.0, 100.0)
"""What a picture is given that has neither a size nor a viewBox."""

_UNITS = {"": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_LENGTH = re.compile(r"\s*\+?(\d*\.?\d+(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*")
_INSIDE = re.compile(r"\s*(#|data:image/(png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
_CALL = re.compile(r"""url\(\s*['"]?""", re.IGNORECASE)


def open_image(stream: BinaryIO) -> "Image":
    """Render a picture on a white ground."""
    from PIL import Image  # noqa: PLC0415  an optional library

    root = _parse(stream)
    for element in root.iter():
        _check(element)
    width, height = _size(root)
    root.set("width", f"{width:f}")
    root.set("height", f"{height:f}")
    scale = min(1.0, RENDERED_SIDE / max(width, height))
    png = _render(root, max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")
    image.info[FULL_SIZE] = (max(1, round(width)), max(1, round(height)))
    return image


def _render(root: Element, width: int, height: int) -> bytes:
    """Return the picture as a PNG file."""
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
        if type(exc).__name__ != "PanicException":  # an assertion in Rust that failed; its class cannot be imported
            raise
        raise DecodeError(f"cannot be rendered: {exc}") from exc


def _parse(stream: BinaryIO) -> Element:
    from defusedxml import DefusedXmlException  # noqa: PLC0415  an optional library
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415  the same

    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DecodeError(f"an SVG file with more than {MAX_BYTES:,} bytes is not rendered")
    try:
        root: Element = fromstring(content)
    except DefusedXmlException as exc:
        raise DecodeError(f"an SVG file with entities is not rendered: {type(exc).__name__}") from exc
    if _local(root.tag) != "svg":
        raise DecodeError("is not an SVG file: its root is something else")
    return root


def _check(element: Element) -> None:
    """Raise DecodeError where an element would have something else loaded."""
    for name, value in element.attrib.items():
        is_link = _local(name) in ("href", "src") and _local(element.tag) != "a"  # a link is only followed by people
        if is_link and value.strip() and not _INSIDE.match(value):
            raise DecodeError(f"an SVG file that refers to something outside is not rendered: {value[:80]}")
        _check_style(value)
    if _local(element.tag) == "style":
        text = "".join(element.itertext())
        if "@import" in text.lower():
            raise DecodeError("an SVG file that imports a style sheet is not rendered")
        _check_style(text)


def _check_style(text: str) -> None:
    if any(not _INSIDE.match(text, call.end()) for call in _CALL.finditer(text)):
        raise DecodeError(f"an SVG file that refers to something outside is not rendered: {text[:80]}")


def _size(root: Element) -> tuple[float, float]:
    """Return width and height in CSS pixels."""
    width, height = _length(root.get("width")), _length(root.get("height"))
    box = [float(number) for number in re.findall(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", root.get("viewBox") or "")]
    of_box = (box[2], box[3]) if len(box) == 4 and min(box[2:]) > 0 else None  # noqa: PLR2004  x, y, width, height
    if width is None and height is None:
        width, height = of_box or WITHOUT_SIZE
    elif width is None and height is not None:
        width = height * of_box[0] / of_box[1] if of_box else height
    elif height is None and width is not None:
        height = width * of_box[1] / of_box[0] if of_box else width
    assert width is not None  # noqa: S101  one of the cases above
    assert height is not None  # noqa: S101  the same
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise DecodeError(f"an SVG picture of {width:g} × {height:g} pixels is not rendered")
    return width, height


def _length(text: str | None) -> float | None:
    """Return a length in CSS pixels; None for none, or one that depends on where the picture is shown."""
    found = _LENGTH.fullmatch(text or "")
    unit = _UNITS.get(found[2]) if found else None
    return float(found[1]) * unit if found and unit else None


def _local(name: object) -> str:
    """Return a name without its namespace; comments and instructions have none."""
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""
