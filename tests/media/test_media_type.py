"""Media types by content; the name only breaks ties."""

import gzip
import io
import sqlite3
import tarfile
import wave
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.audio.decoding import DECODABLE
from dam.media.container import probe
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.kinds import Kind, kind_of
from tests.media.clips import audio, scenes, video
from tests.media.pictures import FORMATS, picture, saved

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def zipped(*members: tuple[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)  # without the time: it would be in the name of a test
    return stream.getvalue()


def sound() -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return stream.getvalue()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return stream.getvalue()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["a", "a.txt", "a.mp4", "a.JPG"])
def test_images_by_content_whatever_their_name(form: str, name: str) -> None:
    assert media_type(saved(picture(), form)[:HEAD_BYTES], name) == FORMATS[form]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("ICO", "image/x-icon"),
        ("JPEG2000", "image/jp2"),
        ("PPM", "image/x-portable-pixmap"),
    ],
)
def test_rarer_images(form: str, expected: str) -> None:
    name = {"PPM": "a.ppm"}.get(form, "a")
    assert media_type(saved(picture(), form)[:HEAD_BYTES], name) == expected


def test_an_animated_png_is_a_png() -> None:
    data = saved(picture(), "PNG", save_all=True, append_images=[picture(seed=2)])
    assert media_type(data[:HEAD_BYTES], "a") == "image/png"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "a.jpg", "application/x-empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a", "application/pdf"),
        (b"%PDF-1.7\nall text", "a.txt", "application/pdf"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a.png", "application/postscript"),
        (b"{\\rtf1 words}", "a", "application/rtf"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "a", "image/svg+xml"),
        (b"plain words\n", "a", "text/plain"),
        (b"plain words\n", "a.jpg", "text/plain"),
        (b"{}", "a.json", "application/json"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        ("naïve – 日本".encode(), "a", "text/plain"),
        (b"\x00\x01\x02\x03", "a", "application/octet-stream"),
        (b"\x00\x01\x02\x03", "a.jpg", "image/jpeg"),
        (zipped(("a.txt", "words")), "a", "application/zip"),
        (gzip.compress(b"words", mtime=0), "a", "application/gzip"),
        (tar(), "a", "application/x-tar"),
        (sound(), "a", "audio/x-wav"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(100), "a", "video/mp4"),
        (b"ID3\x03\0\0\0\0\0\0" + bytes(100), "a", "audio/mpeg"),
        (b"OggS\0\x02" + bytes(100), "a", "audio/ogg"),
        (b"fLaC\0\0\0\x22" + bytes(100), "a", "audio/x-flac"),
        (zipped(("mimetype", "application/epub+zip")), "a", "application/epub+zip"),
        (zipped(("word/document.xml", "words")), "a", DOCX),
        (
            zipped(("mimetype", "application/vnd.oasis.opendocument.text")),
            "a",
            "application/vnd.oasis.opendocument.text",
        ),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska", "a", "video/x-matroska"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "a", "video/webm"),
    ],
)
def test_by_content(data: bytes, name: str, expected: str) -> None:
    assert media_type(data[:HEAD_BYTES], name) == expected


def test_a_database(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    assert media_type((tmp_path / "a.sqlite").read_bytes(), "a.jpg") == "application/x-sqlite3"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.NEF", "image/x-nikon-nef"),
        ("a.dng", "image/x-adobe-dng"),
        ("a.arw", "image/x-sony-arw"),
        ("a.tif", "image/tiff"),
        ("a", "image/tiff"),
        ("nef", "image/tiff"),
    ],
)
def test_camera_raw_is_told_from_tiff_by_its_name(name: str, expected: str) -> None:
    assert media_type(saved(picture(), "TIFF")[:HEAD_BYTES], name) == expected


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_character_cut_off_at_the_end_of_the_head_is_still_text(cut: int) -> None:
    text = ("x" * (HEAD_BYTES - cut)).encode() + "😀".encode()
    assert media_type(text[:HEAD_BYTES], "a") == "text/plain"


@given(head=st.binary(max_size=300), name=st.text(max_size=30))
def test_anything_has_a_media_type(head: bytes, name: str) -> None:
    family, _, subtype = media_type(head, name).partition("/")
    assert family
    assert subtype


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ("image/png", Kind.IMAGE),
        ("video/mp4", Kind.VIDEO),
        ("audio/x-wav", Kind.AUDIO),
        ("text/plain", Kind.DOCUMENT),
        ("application/pdf", Kind.DOCUMENT),
        ("application/zip", Kind.OTHER),
        ("nonsense", Kind.OTHER),
    ],
)
def test_kinds(found: str, kind: Kind) -> None:
    assert kind_of(found) is kind


@pytest.mark.parametrize(
    ("form", "codec", "sound", "name", "expected"),
    [
        ("mpegts", "mpeg2video", "mp2", "00001.MTS", "video/mp2t"),
        ("mpegts", "mpeg2video", None, "a.ts", "video/mp2t"),
        ("mxf", "mpeg2video", None, "a.mxf", "video/x-mxf"),
    ],
)
def test_videos_that_only_their_name_tells(form: str, codec: str, sound: str | None, name: str, expected: str) -> None:
    data = video(scenes(1, 1, rate=25), form, codec, sound=sound, rate=25)
    assert media_type(data[:HEAD_BYTES], name) == expected
    assert kind_of(expected) is Kind.VIDEO
    assert probe(io.BytesIO(data)).video


@pytest.mark.parametrize(
    ("form", "codec", "name", "expected"),
    [
        ("ac3", "ac3", "a.ac3", "audio/ac3"),
        ("asf", "pcm_s16le", "a.wma", "audio/x-ms-wma"),
        ("caf", "pcm_s16le", "a.caf", "audio/x-caf"),
        ("matroska", "flac", "a.mka", "audio/x-matroska"),
        ("wv", "wavpack", "a.wv", "audio/x-wavpack"),
    ],
)
def test_sound_that_only_its_name_tells(form: str, codec: str, name: str, expected: str) -> None:
    data = audio(1, form, codec)
    assert media_type(data[:HEAD_BYTES], name) == expected
    assert expected in DECODABLE
    assert probe(io.BytesIO(data)).audio


def test_a_program_in_typescript_is_no_video() -> None:
    assert kind_of(media_type(b"export const one: number = 1;\n", "a.ts")) is Kind.DOCUMENT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("old.ppt", "application/vnd.ms-powerpoint"),
        ("old.XLS", "application/vnd.ms-excel"),
        ("a.vsmacros", "application/x-ole-storage"),
    ],
)
def test_ole_documents_are_what_their_name_says(name: str, expected: str) -> None:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + b"\xfd\xff\xff\xff" + bytes(64)
    assert media_type(head, name) == expected
