"""Decoding camera RAW files, with rawpy: the preview that the camera embedded, or else the sensor's data."""

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from dam.core.errors import DecodeError
from dam.media.files.media_type import RAW_TYPES
from dam.media.images.pixel_limit import FULL_SIZE, check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "raw"
LIBRARIES = ("rawpy",)
MEDIA_TYPES = RAW_TYPES

MAX_BYTES = 512 * 1024 * 1024
"""No camera writes larger files."""

PREVIEW_SIDE = 512
"""A preview whose longer side has fewer pixels is not used."""
SAME_SHAPE = 0.03
"""How much a preview's proportions may differ from the picture's: others have black bars, and another fingerprint."""

_TURNS = {3: 180, 5: 90, 6: 270}
"""LibRaw's `flip`, and by how many degrees Pillow turns the picture for it."""


def open_image(stream: BinaryIO) -> "Image":
    """Decode the embedded preview if it is good enough, else develop the sensor's data at half the size.

    Raises:
        DecodeError: LibRaw cannot read it.

    """
    import rawpy  # noqa: PLC0415  an optional library

    try:
        with rawpy.imread(stream) as raw:
            sizes = raw.sizes
            size = (sizes.width, sizes.height)
            check_pixels(*size)
            image = _preview(raw, size) or _developed(raw)
            image.info[FULL_SIZE] = size[::-1] if _TURNS.get(sizes.flip, 0) % 180 else size
            return image
    except rawpy.LibRawError as exc:
        reason = exc.args[0] if exc.args else type(exc).__name__
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise DecodeError(f"LibRaw cannot read it: {text}") from exc


def _preview(raw: Any, size: tuple[int, int]) -> "Image | None":
    """Return the embedded preview as displayed, or None if there is none that shows the whole picture."""
    import rawpy  # noqa: PLC0415  an optional library
    from PIL import Image, ImageOps  # noqa: PLC0415  the same

    try:
        thumb = raw.extract_thumb()
    except rawpy.LibRawError:  # there is none, or it is damaged
        return None
    try:
        if thumb.format == rawpy.ThumbFormat.JPEG:
            image: Image.Image = Image.open(io.BytesIO(thumb.data), formats=("JPEG",))
            check_pixels(*image.size)
            image.load()
        else:
            image = Image.fromarray(thumb.data)
    except Exception:  # noqa: BLE001  decoders of hostile content raise anything: there is still the sensor's data
        return None
    if max(image.size) < PREVIEW_SIDE:
        return None
    stored = image.size
    says_orientation = image.getexif().get(0x0112, 1) != 1
    ImageOps.exif_transpose(image, in_place=True)
    if not says_orientation and _alike(stored, size):  # as the sensor saw it
        image = _turned(image, raw.sizes.flip)
    turned = image.size[::-1] if _TURNS.get(raw.sizes.flip, 0) % 180 else image.size
    return image if _alike(turned, size) else None


def _developed(raw: Any) -> "Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8))  # it turns by itself


def _turned(image: "Image", flip: int) -> "Image":
    return image.rotate(_TURNS[flip], expand=True) if flip in _TURNS else image


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether two sizes have about the same proportions."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= SAME_SHAPE
