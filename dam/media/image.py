"""Decoding images with Pillow, within bounds."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import DecodeError, MissingExtraError

if TYPE_CHECKING:
    from PIL import Image

EXTRA_HINT = "pip install 'dam[image]'"

PIXEL_LIMIT = 2 * 89_478_485
"""Pictures with more pixels are not decoded: Pillow's own limit against decompression bombs."""

# Which of Pillow's decoders a media type gets. EPS (which would run Ghostscript) and the like are left out on purpose.
_FORMATS = {
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

DECODABLE = frozenset(_FORMATS)
"""The media types of images that can be decoded once the extra is installed."""


@cache
def installed() -> bool:
    """Tell whether the `image` extra is there."""
    return all(find_spec(name) for name in ("PIL", "numpy", "imagehash"))


def require_installed() -> None:
    """Raise MissingExtraError unless the `image` extra is there."""
    if not installed():
        raise MissingExtraError(f"this needs the image libraries: {EXTRA_HINT}")


def obstacle(media_type: str) -> str | None:
    """Return why such an image cannot be decoded here, or None if it can."""
    if media_type not in DECODABLE:
        return f"there is no decoder for {media_type}"
    return None if installed() else f"fingerprints of images need {EXTRA_HINT}, then dam-cli run-systems"


def decode(stream: BinaryIO, media_type: str, *, flatten: bool = True) -> "Image.Image":
    """Decode the first frame as it is displayed: EXIF orientation applied, and with `flatten` on a white ground.

    Raises:
        DecodeError: the content is damaged, or has more than `PIXEL_LIMIT` pixels.

    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  an optional library

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd metadata: not this user's concern
        try:
            image: Image.Image = Image.open(stream, formats=_FORMATS[media_type])
            width, height = image.size
            if width * height > PIXEL_LIMIT:
                raise DecodeError(f"{width} × {height} pixels are more than the limit of {PIXEL_LIMIT:,}")
            with _silenced() if media_type == "image/tiff" else contextlib.nullcontext():
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
            raise DecodeError("decoding takes more memory than there is") from exc
        except Exception as exc:  # decoders of hostile content raise anything: SyntaxError, struct.error, …
            raise DecodeError(f"cannot be decoded as {media_type}: {str(exc) or type(exc).__name__}") from exc


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Keep what libtiff writes to stderr by itself from the user: its complaints name no file that they know."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(silence)


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
