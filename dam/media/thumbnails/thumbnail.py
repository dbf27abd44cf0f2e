"""Draw thumbnails: an image, the poster of a video, the first page of a PDF, a cover, or a waveform, as JPEG."""

import contextlib
import io
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from dam.core.errors import DecodeError
from dam.core.extras import extra_hint
from dam.media.audio import decoding as audio
from dam.media.images import decoding as image
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample, obstacle
from dam.media.thumbnails import page, poster, waveform
from dam.media.thumbnails.embedded_picture import embedded_picture, may_have_embedded_picture

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 256
"""Default length of the longer side, in pixels."""
QUALITY = 85
"""Quality of JPEG and WebP."""


class Format(StrEnum):
    """The formats of thumbnails, as Pillow names them."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"


_PICTURES: dict[Kind, Callable[[Sample, int], "Image | None"]] = {
    Kind.IMAGE: lambda sample, _: sample.image,
    Kind.VIDEO: poster.poster,
    Kind.AUDIO: waveform.waveform,
    Kind.DOCUMENT: lambda sample, size: (
        page.first_page(sample, size) if sample.media_type == page.MEDIA_TYPE else embedded_picture(sample, size)
    ),
}
"""Functions that draw the picture of a kind, given a sample and the size for which it may be drawn."""


def thumbnail_obstacle(media_type: str) -> Obstacle | None:
    """Return why there can be no thumbnail of such content here, or None if there can."""
    kind = kind_of(media_type)
    may_embed = may_have_embedded_picture(media_type)
    if kind not in _PICTURES or (kind is Kind.DOCUMENT and media_type != page.MEDIA_TYPE and not may_embed):
        return Obstacle(f"there are no thumbnails of {media_type}")
    if not image.installed(("PIL",)):
        return Obstacle(f"thumbnails need {extra_hint('image')}", "image")
    if may_embed:
        return None
    return audio.obstacle_to_decoding(media_type) if kind is Kind.AUDIO else obstacle(media_type)


def thumbnail(sample: Sample, size: int, format_: Format = Format.JPEG) -> bytes:
    """Return a picture whose longer side has at most `size` pixels; empty for a document without a picture.

    Raises:
        DecodeError: the content is damaged, or has nothing to draw.

    """
    from PIL import Image  # noqa: PLC0415  needs the image extra

    picture = _PICTURES[sample.kind](sample, size)
    if picture is None:
        return b""
    try:
        small = _scalable_copy(picture)
        small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
        content = io.BytesIO()
        _in_srgb(small, picture.info.get("icc_profile")).save(content, format_.value, quality=QUALITY, optimize=True)
    except (OSError, ValueError) as exc:
        raise DecodeError(f"the thumbnail cannot be created: {exc}") from exc
    return content.getvalue()


def _scalable_copy(picture: "Image") -> "Image":
    """Return a copy in a mode that Pillow can resample."""
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture.copy()
    return picture.convert("L" if picture.mode[0] in "1IF" else "RGB")


def _in_srgb(picture: "Image", profile: bytes | None) -> "Image":
    """Convert a picture from its colour profile to sRGB, which viewers without colour management show correctly."""
    from PIL import ImageCms  # noqa: PLC0415

    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):  # an invalid profile is ignored
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted or picture
    return picture.convert("RGB")
