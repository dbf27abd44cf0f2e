"""Compute a digest of an image's pixels that does not depend on the file format."""

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from dam.media.images.decoding import decode

if TYPE_CHECKING:
    from PIL.Image import Image

_RGB_MODES = frozenset({"1", "L", "P", "RGB"})
"""Modes that convert to RGB without loss. Images in other modes equal only images in the same mode."""


def pixel_digest(stream: BinaryIO, media_type: str) -> str | None:
    """Return the SHA-256 of the pixels as displayed, 64 hexadecimal digits; None for more than one frame.

    Orientation is applied. The invisible colour of fully transparent pixels is ignored.

    Raises:
        DecodeError: the content is damaged, or has too many pixels.

    """
    image = decode(stream, media_type, flatten=False)
    if getattr(image, "n_frames", 1) > 1:
        return None
    normalised = _normalised(image)
    digest = hashlib.sha256(f"{normalised.mode} {normalised.width} {normalised.height} ".encode())
    digest.update(normalised.tobytes())
    return digest.hexdigest()


def _normalised(image: "Image") -> "Image":
    """Return the pixels in RGBA or RGB where the conversion is lossless, otherwise unchanged."""
    if image.has_transparency_data:
        return _without_hidden_colours(image.convert("RGBA"))
    return image.convert("RGB") if image.mode in _RGB_MODES else image


def _without_hidden_colours(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    alpha = image.getchannel("A")
    min_alpha, _ = alpha.getextrema()
    if min_alpha == 255:  # noqa: PLR2004  fully opaque
        return image.convert("RGB")
    transparent = Image.new("RGBA", image.size, (0, 0, 0, 0))
    return Image.composite(image, transparent, alpha.point(lambda level: 255 if level else 0))
