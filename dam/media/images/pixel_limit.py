"""Limit on the number of pixels of a decoded image."""

from dam.core.errors import DecodeError

MAX_PIXELS = 2 * 89_478_485
"""Maximum number of pixels of an image: Pillow's own limit against decompression bombs."""

FULL_SIZE = "full_size"
"""Key in the `info` of an image that was decoded at a reduced size; the value is its full (width, height)."""


def check_pixels(width: int, height: int) -> None:
    """Check the size of an image against `MAX_PIXELS`.

    Raises:
        DecodeError: the image has too many pixels.

    """
    if width * height > MAX_PIXELS:
        raise DecodeError(f"the size of {width} × {height} pixels exceeds the limit of {MAX_PIXELS:,} pixels")
