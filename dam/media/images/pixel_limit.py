"""The most pixels that a picture may have to be decoded."""

from dam.core.errors import DecodeError

PIXEL_LIMIT = 2 * 89_478_485
"""Pictures with more pixels are not decoded: Pillow's own limit against decompression bombs."""

FULL_SIZE = "full_size"
"""Under this name, the `info` of a decoded picture has its true width and height, where it was decoded smaller."""


def check_pixels(width: int, height: int) -> None:
    """Raise DecodeError where a picture of this size would be too large."""
    if width * height > PIXEL_LIMIT:
        raise DecodeError(f"{width} × {height} pixels are more than the limit of {PIXEL_LIMIT:,}")
