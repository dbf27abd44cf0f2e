"""Decode camera RAW files with rawpy: the embedded preview if suitable, otherwise the sensor data."""

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
"""Maximum number of bytes read for metadata. No camera writes larger files."""

MIN_PREVIEW_SIDE = 512
"""Minimum length of a preview's longer side, in pixels."""
MAX_ASPECT_DEVIATION = 0.03
"""Maximum relative deviation of a preview's aspect ratio. Beyond it a preview has black bars, which change hashes."""

_ROTATIONS = {3: 180, 5: 90, 6: 270}
"""Pillow's rotation in degrees (anticlockwise) for each value of LibRaw's `flip`."""


def open_image(stream: BinaryIO) -> "Image":
    """Decode the embedded preview if suitable, otherwise develop the sensor data at half size.

    Raises:
        DecodeError: LibRaw cannot read the file, or it has too many pixels.

    """
    import rawpy  # noqa: PLC0415  an optional library

    try:
        with rawpy.imread(stream) as raw:
            sizes = raw.sizes
            size = (sizes.width, sizes.height)
            check_pixels(*size)
            image = _preview(raw, size) or _developed(raw)
            image.info[FULL_SIZE] = size[::-1] if _ROTATIONS.get(sizes.flip, 0) % 180 else size
            return image
    except rawpy.LibRawError as exc:
        reason = exc.args[0] if exc.args else type(exc).__name__
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise DecodeError(f"LibRaw cannot read it: {text}") from exc


def _preview(raw: Any, size: tuple[int, int]) -> "Image | None":
    """Return the embedded preview as displayed; None if there is none that shows the whole image."""
    import rawpy  # noqa: PLC0415  an optional library
    from PIL import Image, ImageOps  # noqa: PLC0415  the same

    try:
        thumb = raw.extract_thumb()
    except rawpy.LibRawError:  # no preview, or a damaged one
        return None
    try:
        if thumb.format == rawpy.ThumbFormat.JPEG:
            image: Image.Image = Image.open(io.BytesIO(thumb.data), formats=("JPEG",))
            check_pixels(*image.size)
            image.load()
        else:
            image = Image.fromarray(thumb.data)
    except Exception:  # noqa: BLE001  decoders raise any exception for hostile content; the sensor data remains
        return None
    if max(image.size) < MIN_PREVIEW_SIDE:
        return None
    stored = image.size
    has_orientation = image.getexif().get(0x0112, 1) != 1
    ImageOps.exif_transpose(image, in_place=True)
    if not has_orientation and _same_aspect_ratio(stored, size):  # stored in sensor orientation
        image = _rotated(image, raw.sizes.flip)
    unrotated = image.size[::-1] if _ROTATIONS.get(raw.sizes.flip, 0) % 180 else image.size
    return image if _same_aspect_ratio(unrotated, size) else None


def _developed(raw: Any) -> "Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8))  # LibRaw rotates


def _rotated(image: "Image", flip: int) -> "Image":
    return image.rotate(_ROTATIONS[flip], expand=True) if flip in _ROTATIONS else image


def _same_aspect_ratio(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two sizes have the same aspect ratio within `MAX_ASPECT_DEVIATION`."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= MAX_ASPECT_DEVIATION
