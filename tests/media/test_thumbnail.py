"""Thumbnails of every medium: the right way up, not too large, and a clear refusal where there is nothing to show."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dam.core.errors import DecodeError
from dam.core.extras import extra_hint
from dam.media.audio import chromaprint as chromaprint_library
from dam.media.files.media_type import media_type
from dam.media.images import decoding as image
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample
from dam.media.thumbnails.thumbnail import thumbnail, thumbnail_obstacle
from tests.media.clips import audio, scenes, video
from tests.media.documents import made, pdf, with_parts
from tests.media.sounds import recording, tune


def thumbnail_of(content: bytes, size: int = 64) -> Image.Image:
    sample = Sample(lambda: io.BytesIO(content), media_type(content, ""))
    made = Image.open(io.BytesIO(thumbnail(sample, size)))
    assert (made.format, made.mode) == ("JPEG", "RGB")
    return made


def arrow(mode: str = "RGB", **save: Any) -> bytes:
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
    with pytest.raises(DecodeError, match="no video stream"):
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


@pytest.mark.parametrize("name", ["rivers.odt", "lengths.ods", "slides.odp"])
def test_the_thumbnail_in_an_office_document(name: str) -> None:
    made_ = thumbnail_of(made(name), 128)
    assert max(made_.size) == 128
    assert np.asarray(made_).min() < np.asarray(made_).max()


RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"


def docx_with(picture: bytes, name: str = "docProps/thumbnail.jpeg") -> bytes:
    told = f'<Relationship Id="rId99" Type="{RELATION}" Target="{name}"/></Relationships>'
    return with_parts(made("rivers.docx"), {name: picture}, {"_rels/.rels": (b"</Relationships>", told.encode())})


def epub_with(item: bytes, metadata: bytes = b"") -> bytes:
    package = (b"</manifest>", item + b"</manifest>")
    told = with_parts(made("rivers.epub"), {"OEBPS/images/front page.png": arrow(format="PNG")}, {OPF: package})
    return with_parts(told, {}, {OPF: (b"</metadata>", metadata + b"</metadata>")})


OPF = "OEBPS/content.opf"
ITEM = b'<item id="front" href="images/front%20page.png" media-type="image/png"'


@pytest.mark.parametrize(
    "content",
    [
        docx_with(arrow(format="JPEG")),
        docx_with(arrow(format="PNG"), "thumbs/one.png"),
        epub_with(ITEM + b' properties="svg cover-image"/>'),
        epub_with(ITEM + b"/>", b'<meta name="cover" content="front"/>'),
    ],
    ids=["docx", "docx elsewhere", "epub 3", "epub 2"],
)
def test_the_picture_that_a_document_carries(content: bytes) -> None:
    made_ = thumbnail_of(content)
    assert (made_.size, lightest_side(made_)) == ((64, 32), "left")


@pytest.mark.parametrize("content", [made("rivers.docx"), made("slides.pptx"), made("rivers.epub"), docx_with(b"")])
def test_a_document_that_carries_none(content: bytes) -> None:
    assert thumbnail(Sample(lambda: io.BytesIO(content), media_type(content, "")), 64) == b""


def test_a_hostile_picture_in_a_document() -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    with pytest.raises(DecodeError, match="pixels"):
        thumbnail_of(docx_with(bomb.getvalue()))
    with pytest.raises(DecodeError, match="no decoder for its thumbnail"):
        thumbnail_of(docx_with(b"\1\0\0\0\x6c\0\0\0", "docProps/thumbnail.emf"))
    assert thumbnail(Sample(lambda: io.BytesIO(docx_with(bytes(33 << 20))), DOCX), 64) == b""
    with pytest.raises(DecodeError, match="archive is damaged"):
        thumbnail(Sample(lambda: io.BytesIO(made("rivers.docx")[:2000]), DOCX), 64)


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize("content", [made("locked.pdf"), b"%PDF-1.7\nno more", video(scenes(1, 1))[:200]])
def test_what_is_damaged(content: bytes) -> None:
    with pytest.raises(DecodeError):
        thumbnail_of(content)


def test_it_takes_pillow_and_what_decodes_the_medium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "installed", lambda libraries=("imagehash",): "imagehash" not in libraries)
    monkeypatch.setattr(chromaprint_library, "obstacle", lambda: Obstacle("there is no Chromaprint", "libchromaprint1"))
    for found in ("audio/mpeg", "video/mp4", "application/pdf"):
        assert thumbnail_obstacle(found) is None
    assert "the extra `image`" in str(thumbnail_obstacle("image/png"))
    monkeypatch.setattr(image, "installed", lambda _=None: False)
    assert str(thumbnail_obstacle("audio/mpeg")) == f"thumbnails need {extra_hint('image')}"


def test_what_has_none() -> None:
    for found in ("text/plain", "application/zip", "application/msword"):
        assert str(thumbnail_obstacle(found)) == f"there are no thumbnails of {found}"
    assert thumbnail_obstacle("image/jpeg") is None
