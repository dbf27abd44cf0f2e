"""Containers of video and audio: what they say, beside what ffprobe says, and what is not read."""

import io
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dam.core.errors import DecodeError
from dam.media.container import Container, probe
from tests.media.clips import audio, scenes, video
from tests.media.sounds import recording, tune

# form, codec of the pictures, codec of the sound
FORMS = [
    ("mp4", "libx264", "aac"),
    ("mov", "mpeg4", "pcm_s16le"),
    ("matroska", "libx265", "flac"),
    ("webm", "libvpx-vp9", None),
    ("avi", "mpeg4", "libmp3lame"),
    ("mpegts", "mpeg2video", "mp2"),
    ("flv", "flv1", None),
]


def probed(data: bytes) -> Container:
    return probe(io.BytesIO(data))


def ffprobe(tmp_path: Path, data: bytes) -> Any:
    """What ffprobe says of a content."""
    if not shutil.which("ffprobe"):
        pytest.skip("there is no ffprobe")
    (tmp_path / "content").write_bytes(data)
    command: list[str | Path] = [
        "ffprobe",
        "-v",
        "error",
        "-show_streams",
        "-show_format",
        "-of",
        "json",
        tmp_path / "content",
    ]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.parametrize(("form", "codec", "sound"), FORMS)
def test_ffprobe_says_the_same(tmp_path: Path, form: str, codec: str, sound: str | None) -> None:
    rate = 25 if form == "mpegts" else 10
    data = video(scenes(1, 2, rate=rate), form, codec, sound=sound, rate=rate)
    found, theirs = probed(data), ffprobe(tmp_path, data)
    assert found.format == theirs["format"]["format_name"]
    assert found.duration == pytest.approx(float(theirs["format"]["duration"]), abs=0.1)
    assert found.duration == pytest.approx(2, abs=0.2)
    pictures = [stream for stream in theirs["streams"] if stream["codec_type"] == "video"]
    assert [(s.index, s.codec, s.width, s.height) for s in found.video] == [
        (s["index"], s["codec_name"], s["width"], s["height"]) for s in pictures
    ]
    assert found.video[0].frame_rate == pytest.approx(rate, rel=0.01)
    tones = [stream for stream in theirs["streams"] if stream["codec_type"] == "audio"]
    assert len(found.audio) == bool(sound)
    assert [(s.index, s.sample_rate, s.channels) for s in found.audio] == [
        (s["index"], int(s["sample_rate"]), s["channels"]) for s in tones
    ]


@pytest.mark.parametrize(("rotation", "clockwise"), [(0, 0), (-90, 90), (90, 270), (180, 180)])
def test_rotation_is_clockwise(rotation: int, clockwise: int) -> None:
    [stream] = probed(video(scenes(1, 1), rotation=rotation)).video
    assert (stream.width, stream.height, stream.rotation) == (96, 64, clockwise)


def test_moment_and_tags() -> None:
    moment = "2021-02-03T04:05:06.000000Z"
    found = probed(video(scenes(1, 1), metadata={"creation_time": moment, "title": "Lake"}))
    assert found.created == datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert found.tags["title"] == "Lake"


def test_sound_alone() -> None:
    found = probed(audio(2, "ogg", "libopus"))
    assert found.video == ()
    assert [(stream.codec, stream.sample_rate, stream.channels) for stream in found.audio] == [("opus", 48_000, 1)]
    assert found.duration == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{0}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile {0}\n"],
)
def test_other_files_are_not_opened(tmp_path: Path, text: str) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(video(scenes(1, 1)))
    with pytest.raises(DecodeError):
        probed(text.format(other).encode())


@pytest.mark.parametrize("data", [b"", b"no video", bytes(5000), b"RIFF\0\0\0\0AVI LIST", b"\x1aE\xdf\xa3" * 50])
def test_what_is_no_container(data: bytes) -> None:
    with pytest.raises(DecodeError):
        probed(data)


def test_an_error_of_the_disk_is_none_of_the_content() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        probe(Broken(video(scenes(1, 1))))


def test_tags_that_are_not_utf8_are_told_with_what_can_be_read() -> None:
    data = recording(tune(1, 1), metadata={"title": "caf-"})
    assert probed(data.replace(b"caf-", b"caf\xe9")).tags["title"] == "caf\N{REPLACEMENT CHARACTER}"
