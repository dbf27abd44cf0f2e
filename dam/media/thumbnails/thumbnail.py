"""Thumbnails: a small JPEG of an image, a video's poster, a PDF's first page, a book's cover, the waveform of sound."""

import contextlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from dam.core.errors import DecodeError
from dam.media.audio import decoding as audio
from dam.media.images import decoding as image
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample, obstacle
from dam.media.thumbnails import page, poster, waveform
from dam.media.thumbnails.embedded_picture import embedded_picture, may_carry_one

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 256
"""Pixels of the longer side, unless another size is asked for."""
SIZES = range(16, 4097)
QUALITY = 85

_PICTURES: dict[Kind, Callable[[Sample, int], "Image | None"]] = {
    Kind.IMAGE: lambda sample, _: sample.image,
    Kind.VIDEO: poster.poster,
    Kind.AUDIO: waveform.waveform,
    Kind.DOCUMENT: lambda sample, size: (
        page.first_page(sample, size) if sample.media_type == page.MEDIA_TYPE else embedded_picture(sample, size)
    ),
}
"""How a picture of each kind is made, given a size that it may be made for."""


def thumbnail_obstacle(media_type: str) -> Obstacle | None:
    """Return why there can be no thumbnail of such content here, or None if there can."""
    kind = kind_of(media_type)
    carries = may_carry_one(media_type)
    if kind not in _PICTURES or (kind is Kind.DOCUMENT and media_type != page.MEDIA_TYPE and not carries):
        return Obstacle(f"there are no thumbnails of {media_type}")
    if not image.installed(("PIL",)):
        return Obstacle(f"thumbnails need {image.EXTRA_HINT}", "image")
    if carries:
        return None
    return audio.obstacle_to_decoding(media_type) if kind is Kind.AUDIO else obstacle(media_type)


def thumbnail(sample: Sample, size: int) -> bytes:
    """Return a JPEG whose longer side has at most `size` pixels; nothing of a document that carries no picture.

    Raises:
        DecodeError: the content is damaged, or there is nothing in it to show.

    """
    from PIL import Image  # noqa: PLC0415  needs the image extra

    picture = _PICTURES[sample.kind](sample, size)
    if picture is None:
        return b""
    try:
        small = _in_plain_mode(picture)
        small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
        content = io.BytesIO()
        _in_srgb(small, picture.info.get("icc_profile")).save(content, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, ValueError) as exc:
        raise DecodeError(f"no thumbnail can be made: {exc}") from exc
    return content.getvalue()


def _in_plain_mode(picture: "Image") -> "Image":
    """Return a copy in a mode that can be scaled."""
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture.copy()
    return picture.convert("L" if picture.mode[0] in "1IF" else "RGB")


def _in_srgb(picture: "Image", profile: bytes | None) -> "Image":
    """Return a picture with its colours as a viewer that knows no profiles shows them."""
    from PIL import ImageCms  # noqa: PLC0415

    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):  # a profile that says nothing of use
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return turned or picture
    return picture.convert("RGB")
