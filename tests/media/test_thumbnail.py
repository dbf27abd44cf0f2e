"""Thumbnails of every medium: the right way up, not too large, and a clear refusal where there is nothing to show."""

import io

import numpy as np
import pytest
from PIL import Image

from dam.core.errors import DecodeError
from dam.media.media_type import media_type
from dam.media.sample import Sample
from dam.media.thumbnail import thumbnail, thumbnail_obstacle
from tests.media.clips import audio, scenes, video
from tests.media.documents import made, pdf
from tests.media.sounds import recording, tune


def thumbnail_of(content: bytes, size: int = 64) -> Image.Image:
    sample = Sample(lambda: io.BytesIO(content), media_type(content, ""))
    made = Image.open(io.BytesIO(thumbnail(sample, size)))
    assert (made.format, made.mode) == ("JPEG", "RGB")
    return made


def arrow(mode: str = "RGB", **save: object) -> bytes:
    """A picture, 200 × 100, that is light at its left and dark at its right."""
    ramp = np.tile(np.linspace(255, 0, 200, dtype=np.uint8), (100, 1))
    content = io.BytesIO()
    Image.fromarray(ramp).convert(mode).save(content, **save)
    return content.getvalue()


def lightest_side(picture: Image.Image) -> str:
    grey = np.asarray(picture.convert("L")).astype(float)
    sides = {"left": grey[:, :5], "right": grey[:, -5:], "top": grey[:5], "bottom": grey[-5:]}
    return max(sides, key=lambda side: sides[side].mean())


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"])
def test_images_in_every_mode(mode: str) -> None:
    made = thumbnail_of(arrow(mode, format="PNG"))
    assert (made.size, lightest_side(made)) == ((64, 32), "left")
    assert lightest_side(thumbnail_of(arrow("CMYK", format="JPEG"))) == "left"


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise
    made = thumbnail_of(arrow(format="JPEG", exif=exif))
    assert (made.size, lightest_side(made)) == ((32, 64), "top")


def test_small_images_are_not_enlarged() -> None:
    assert thumbnail_of(arrow(format="PNG"), 1000).size == (200, 100)


@pytest.mark.parametrize(
    ("rotation", "size", "light"), [(0, (64, 32), "left"), (-90, (32, 64), "top"), (90, (32, 64), "bottom")]
)
def test_the_poster_of_a_video_is_turned(rotation: int, size: tuple[int, int], light: str) -> None:
    frame = np.asarray(Image.open(io.BytesIO(arrow(format="PNG"))))
    made = thumbnail_of(video([frame] * 5, rotation=rotation))
    assert (made.size, lightest_side(made)) == (size, light)


def test_the_poster_is_not_black() -> None:
    black, frames = np.zeros((64, 96, 3), np.uint8), scenes(1, 3)
    made = thumbnail_of(video([black] * 10 + frames, g="5"))
    assert np.asarray(made).mean() > 50


def test_a_video_without_pictures() -> None:
    sample = Sample(lambda: io.BytesIO(audio(1, "matroska")), "video/x-matroska")
    with pytest.raises(DecodeError, match="no pictures"):
        thumbnail(sample, 64)


def test_the_waveform_of_a_sound() -> None:
    silence, loud = np.zeros(22050), np.sin(np.arange(22050) / 20) * 0.9
    made = thumbnail_of(recording(np.concatenate([silence, loud])))
    assert made.size == (64, 33)
    columns = np.asarray(made.convert("L")).mean(axis=0)
    assert columns[:28].min() > 225
    assert columns[36:].max() < 180
    thumbnail_of(recording(tune(1, 0.01)), 4096)


def test_the_first_page_of_a_pdf() -> None:
    made_ = thumbnail_of(pdf(["words on a page", "another page"]), 128)
    assert max(made_.size) == 128
    assert np.asarray(made_).min() < 200 < np.asarray(made_).max()


@pytest.mark.parametrize("content", [made("locked.pdf"), b"%PDF-1.7\nno more", video(scenes(1, 1))[:200]])
def test_what_is_damaged(content: bytes) -> None:
    with pytest.raises(DecodeError):
        thumbnail_of(content)


def test_what_has_none() -> None:
    for found in ("text/plain", "application/zip", "application/msword"):
        assert thumbnail_obstacle(found) == f"there are no thumbnails of {found}"
    assert thumbnail_obstacle("image/jpeg") is None
