"""Decode HEIC and HEIF images with pillow-heif."""

from typing import TYPE_CHECKING, BinaryIO

from dam.media.images.pixel_limit import check_pixels

if TYPE_CHECKING:
    from PIL.Image import Image

EXTRA = "heic"
LIBRARIES = ("pillow_heif",)
MEDIA_TYPES = frozenset({"image/heic", "image/heif"})


def open_image(stream: BinaryIO) -> "Image":
    """Decode the primary image, with the rotation of the container applied.

    Raises:
        DecodeError: the image has too many pixels. (libheif raises others for damaged content.)

    """
    from pillow_heif import open_heif  # noqa: PLC0415  an optional library

    heif = open_heif(stream, convert_hdr_to_8bit=True)
    check_pixels(*heif.size)
    image: Image = heif.to_pillow()
    return image
