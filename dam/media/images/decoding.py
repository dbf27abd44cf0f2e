"""Decode images within limits, with Pillow or the library of an extra."""

import contextlib
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import TOO_MUCH_MEMORY, DecodeError, MissingExtraError
from dam.core.extras import extra_hint
from dam.media.images import heif, jxl, raw, svg
from dam.media.images.pixel_limit import FULL_SIZE, check_pixels
from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle, no_decoder, obstacles_of

if TYPE_CHECKING:
    from PIL import Image

NOT_THAT_FORMAT = "it is damaged at its beginning, or of another format"

# Pillow's decoders by media type. EPS (which would run Ghostscript) and similar formats are excluded on purpose.
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
"""The modules, each with an extra, for media types that Pillow cannot decode."""

DECODABLE = frozenset([*WITH_PILLOW, *_WITH_EXTRA])
"""The media types of images that can be decoded with all extras."""


@cache
def installed(libraries: tuple[str, ...] = ("PIL", "numpy", "imagehash", "defusedxml")) -> bool:
    """Return whether libraries are installed, by default those of the `image` extra."""
    return all(find_spec(name) for name in libraries)


def require_installed() -> None:
    """Check that the `image` extra is installed.

    Raises:
        MissingExtraError: it is not.

    """
    if not installed():
        raise MissingExtraError(f"this needs the image libraries: {extra_hint('image')}")


def require_numpy() -> None:
    """Check that numpy is installed, which compares fingerprints.

    Raises:
        MissingExtraError: it is not.

    """
    if not installed(("numpy",)):
        raise MissingExtraError(f"this needs numpy, which every extra for media brings: {extra_hint('image')}")


@obstacles_of(Kind.IMAGE)
def obstacle(media_type: str) -> Obstacle | None:
    """Return why this installation cannot decode a type of image, or None."""
    if media_type not in DECODABLE:
        return no_decoder(media_type)
    if not installed():
        return Obstacle(f"fingerprints of images need {extra_hint('image')}, then dam-cli run-systems", "image")
    module = _WITH_EXTRA.get(media_type)
    if module is None or installed(module.LIBRARIES):
        return None
    return Obstacle(f"{media_type} needs {extra_hint(module.EXTRA)}, then dam-cli run-systems", module.EXTRA)


def decode(stream: BinaryIO, media_type: str, *, flatten: bool = True) -> "Image.Image":
    """Decode the first frame as displayed: apply the EXIF orientation, and with `flatten` composite on white.

    Raises:
        DecodeError: the content is damaged, or has more than `MAX_PIXELS` pixels.

    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  an optional library

    try:
        if module := _WITH_EXTRA.get(media_type):
            image: Image.Image = module.open_image(stream)
        else:
            image = Image.open(stream, formats=WITH_PILLOW[media_type])
            check_pixels(*image.size)
        image.load()
        with contextlib.suppress(Exception):  # unreadable EXIF data have no orientation
            ImageOps.exif_transpose(image, in_place=True)
        return _on_white(image) if flatten and image.has_transparency_data else image
    except DecodeError:
        raise
    except Image.DecompressionBombError as exc:
        raise DecodeError(str(exc)) from exc
    except (UnidentifiedImageError, KeyError) as exc:  # the messages are a memory address, and the name of a plugin
        raise DecodeError(f"cannot be decoded as {media_type}: {NOT_THAT_FORMAT}") from exc
    except MemoryError as exc:
        raise DecodeError(TOO_MUCH_MEMORY) from exc
    except Exception as exc:  # decoders of hostile content raise anything: SyntaxError, struct.error, …
        raise DecodeError(f"cannot be decoded as {media_type}: {str(exc) or type(exc).__name__}") from exc


def displayed_size(image: "Image.Image") -> tuple[int, int]:
    """Return the full displayed width and height of an image, even if it was decoded at a reduced size."""
    width, height = image.info.get(FULL_SIZE, image.size)
    return width, height


def luma(image: "Image.Image") -> "Image.Image":
    """Return the luma plane of an image, in mode `L`.

    Raises:
        DecodeError: the colour space cannot be converted, such as CIELAB.

    """
    try:
        return image.convert("L")
    except (ValueError, MemoryError) as exc:
        raise DecodeError(f"colours in {image.mode} cannot be turned into grey: {exc}") from exc


def _on_white(image: "Image.Image") -> "Image.Image":
    from PIL import Image  # noqa: PLC0415  an optional library

    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
