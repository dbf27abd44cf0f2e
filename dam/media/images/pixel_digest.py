"""A digest of a picture's pixels, whatever format they came in."""

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from dam.media.images.decoding import decode

if TYPE_CHECKING:
    from PIL.Image import Image

_AS_RGB = frozenset({"1", "L", "P", "RGB"})
"""Modes whose colours RGB can hold exactly. Others are equal only to their own kind."""


def pixel_digest(stream: BinaryIO, media_type: str) -> str | None:
    """Return the SHA-256 of the pixels as displayed, 64 digits; None when there is more than one frame.

    Orientation is applied. Where a pixel is wholly transparent its colour, which nobody sees, does not count.

    Raises:
        DecodeError: the content is damaged.

    """
    picture = decode(stream, media_type, flatten=False)
    if getattr(picture, "n_frames", 1) > 1:
        return None
    plain = _plain(picture)
    digest = hashlib.sha256(f"{plain.mode} {plain.width} {plain.height} ".encode())
    digest.update(plain.tobytes())
    return digest.hexdigest()


def _plain(picture: "Image") -> "Image":
    """Return the same pixels in the one mode that stands for all modes that can hold them."""
    if picture.has_transparency_data:
        return _without_hidden_colours(picture.convert("RGBA"))
    return picture.convert("RGB") if picture.mode in _AS_RGB else picture


def _without_hidden_colours(picture: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    alpha = picture.getchannel("A")
    least, _ = alpha.getextrema()
    if least == 255:  # noqa: PLR2004  nothing is transparent
        return picture.convert("RGB")
    nothing = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    return Image.composite(picture, nothing, alpha.point(lambda level: 255 if level else 0))
