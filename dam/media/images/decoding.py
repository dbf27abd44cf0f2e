"""Decoding images, within bounds: with Pillow, or with the library that an extra brings."""

import contextlib
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import TOO_MUCH_MEMORY, DecodeError, MissingExtraError
from dam.media.images import heif, jxl, raw, svg
from dam.media.images.pixel_limit import FULL_SIZE, check_pixels
from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle, no_decoder, obstacles_of

if TYPE_CHECKING:
    from PIL import Image

EXTRA_HINT = "pip install 'dam[image]'"

# Which of Pillow's decoders a media type gets. EPS (which would run Ghostscript) and the like are left out on purpose.
WITH_PILLOW = {
    "image/avif": ("AVIF",),
    "image/bmp": ("BMP", "DIB"),
    "image/gif": ("GIF",),
    "image/jp2": ("JPEG2000",),
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/qoi": ("QOI",),
    "image/tiff": ("TIFF",),
    "image/vnd.adobe.photoshop": ("PSD",),
    "image/webp": ("WEBP",),
    "image/x-icon": ("ICO",),
    "image/x-portable-bitmap": ("PPM",),
    "image/x-portable-graymap": ("PPM",),
    "image/x-portable-pixmap": ("PPM",),
}

_WITH_EXTRA = {media_type: module for module in (heif, jxl, raw, svg) for media_type in module.MEDIA_TYPES}
"""The module that decodes a media type which Pillow does not, each behind an extra of its own."""

DECODABLE = frozenset([*WITH_PILLOW, *_WITH_EXTRA])
"""The media types of images that can be decoded once the extras are installed."""


@cache
def installed(libraries: tuple[str, ...] = ("PIL", "numpy", "imagehash", "defusedxml")) -> bool:
    """Tell whether libraries are there: those of the `image` extra, unless others are named."""
    return all(find_spec(name) for name in libraries)


def require_installed() -> None:
    """Raise MissingExtraError unless the `image` extra is there."""
    if not installed():
        raise MissingExtraError(f"this needs the image libraries: {EXTRA_HINT}")


def require_numpy() -> None:
    """Raise MissingExtraError unless what fingerprints of any kind are compared with is there."""
    if not installed(("numpy",)):
        raise MissingExtraError(f"this needs numpy, which every extra for media brings: {EXTRA_HINT}")


@obstacles_of(Kind.IMAGE)
def obstacle(media_type: str) -> Obstacle | None:
    """Return why such an image cannot be decoded here, or None if it can."""
    if media_type not in DECODABLE:
        return no_decoder(media_type)
    if not installed():
        return Obstacle(f"fingerprints of images need {EXTRA_HINT}, then dam-cli run-systems", "image")
    module = _WITH_EXTRA.get(media_type)
    if module is None or installed(module.LIBRARIES):
        return None
    return Obstacle(f"{media_type} needs pip install 'dam[{module.EXTRA}]', then dam-cli run-systems", module.EXTRA)


def decode(stream: BinaryIO, media_type: str, *, flatten: bool = True) -> "Image.Image":
    """Decode the first frame as it is displayed: EXIF orientation applied, and with `flatten` on a white ground.

    Raises:
        DecodeError: the content is damaged, or has more than `PIXEL_LIMIT` pixels.

    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  an optional library

    try:
        if module := _WITH_EXTRA.get(media_type):
            image: Image.Image = module.open_image(stream)
        else:
            image = Image.open(stream, formats=WITH_PILLOW[media_type])
            check_pixels(*image.size)
        image.load()
        with contextlib.suppress(Exception):  # unreadable EXIF data tell no orientation
            ImageOps.exif_transpose(image, in_place=True)
        return _on_white(image) if flatten and image.has_transparency_data else image
    except DecodeError:
        raise
    except Image.DecompressionBombError as exc:
        raise DecodeError(str(exc)) from exc
    except UnidentifiedImageError as exc:  # its message has an address in memory, another one every time
        raise DecodeError(f"cannot be decoded as {media_type}: cannot identify image file") from exc
    except MemoryError as exc:
        raise DecodeError(TOO_MUCH_MEMORY) from exc
    except Exception as exc:  # decoders of hostile content raise anything: SyntaxError, struct.error, …
        raise DecodeError(f"cannot be decoded as {media_type}: {str(exc) or type(exc).__name__}") from exc


def displayed_size(image: "Image.Image") -> tuple[int, int]:
    """Return width and height of a decoded picture as displayed, also where it was decoded smaller."""
    width, height = image.info.get(FULL_SIZE, image.size)
    return width, height


def luma(image: "Image.Image") -> "Image.Image":
    """Return the luma plane of an image, in mode `L`; DecodeError when its colour space has none, such as CIELAB."""
    try:
        return image.convert("L")
    except (ValueError, MemoryError) as exc:
        raise DecodeError(f"colours in {image.mode} cannot be turned into grey: {exc}") from exc


def _on_white(image: "Image.Image") -> "Image.Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
