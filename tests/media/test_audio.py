"""Sound of audio files, its fingerprint beside fpcalc's, and what is too damaged for one."""

import contextlib
import io
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.errors import DecodeError, MissingExtraError
from dam.media.audio import chromaprint as chromaprint_library
from dam.media.audio import decoding as audio
from dam.media.audio.tags import Tags, read_tags
from dam.media.files.media_type import media_type
from dam.media.sample import Sample, obstacle
from tests.media.clips import scenes, video
from tests.media.sounds import CODECS, TUNE_IN_VORBIS, recording, tune

few = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TAGS = {"title": "Häuser", "artist": "Ana", "album": "Quer", "track": "3/12", "date": "2021-05-04"}


def sample(data: bytes) -> Sample:
    return Sample(lambda: io.BytesIO(data), media_type(data, "name"))


def contents() -> dict[str, bytes]:
    return {codec: recording(tune(1), codec) for codec in CODECS} | {"vorbis": TUNE_IN_VORBIS.read_bytes()}


def error_rate(one: list[int], other: list[int]) -> float:
    assert abs(len(one) - len(other)) <= 1
    pairs = list(zip(one, other, strict=False))
    return sum((a ^ b).bit_count() for a, b in pairs) / len(pairs) / 32


def test_the_same_fingerprint_as_fpcalc(tmp_path: Path) -> None:
    if not shutil.which("fpcalc"):
        pytest.skip("there is no fpcalc")
    for codec, data in contents().items():
        (tmp_path / codec).write_bytes(data)
        done = subprocess.run(["fpcalc", "-raw", tmp_path / codec], capture_output=True, check=False, text=True)
        theirs = [int(value) for value in done.stdout.partition("FINGERPRINT=")[2].split(",")]
        assert error_rate(sample(data).audio_fingerprint, theirs) < 0.005, codec


def test_the_program_says_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (chromaprint_library._library() and chromaprint_library._fpcalc()):
        pytest.skip("there is not both the library and the program")
    data = recording(tune(1))
    by_library = sample(data).audio_fingerprint
    monkeypatch.setattr(chromaprint_library, "_library", lambda: None)
    assert obstacle("audio/x-flac") is None
    assert sample(data).audio_fingerprint == by_library


def test_without_chromaprint_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_library", "_fpcalc"):
        monkeypatch.setattr(chromaprint_library, name, lambda: None)
    assert "apt install libchromaprint1" in str(obstacle("audio/mpeg"))
    with pytest.raises(MissingExtraError):
        chromaprint_library.fingerprint([b""])


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "installed", lambda: False)
    assert "the extra `audio`" in str(obstacle("audio/mpeg"))
    assert str(obstacle("audio/midi")) == "there is no decoder for audio/midi"


def test_decoding_ends_at_the_limit() -> None:
    def seconds(limit: int) -> float:
        return sum(map(len, audio.pcm(io.BytesIO(recording(tune(1, 5), "mp3")), 1000, limit))) / 2000

    assert seconds(2) == 2
    assert seconds(60) == pytest.approx(5, abs=0.1)


def test_joined_files_of_other_forms_are_decoded_whole() -> None:
    joined = recording(tune(1, 5), "mp3") + recording(tune(2, 5), "mp3", layout="mono", rate=22_050)
    assert len(sample(joined).audio_fingerprint) == pytest.approx(10 * 8.08 - 20, abs=4)


def test_junk_at_the_end_is_not_taken_for_damage() -> None:
    data = recording(tune(1), "mp3")
    assert error_rate(sample(data + b"TAG" + bytes(125)).audio_fingerprint, sample(data).audio_fingerprint) < 0.01


def test_too_short_and_without_sound() -> None:
    assert sample(recording(tune(1, 1))).audio_fingerprint == []
    with pytest.raises(DecodeError, match="no audio stream"):
        _ = Sample(lambda: io.BytesIO(video(scenes(1, 1))), "audio/mp4").audio_fingerprint
    with pytest.raises(DecodeError):
        _ = sample(b"ID3" + bytes(500)).audio_fingerprint


@pytest.mark.parametrize("codec", CODECS)
def test_a_truncated_file_gives_what_is_left_or_an_error(codec: str) -> None:
    whole = sample(recording(tune(1), codec)).audio_fingerprint
    data = recording(tune(1), codec)
    try:
        part = sample(data[: len(data) * 2 // 3]).audio_fingerprint
    except DecodeError:
        assert codec == "aac"  # the index of an MP4 file stands at its end
    else:
        assert 0 < len(part) < len(whole)


@few
@given(seed=st.integers(0, 2**32 - 1), codec=st.sampled_from(sorted(CODECS)), damage=st.integers(1, 200))
def test_damaged_content_raises_nothing_but_decode_errors(seed: int, codec: str, damage: int) -> None:
    random = np.random.default_rng(seed)
    data = np.frombuffer(short(codec), np.uint8).copy()
    data[random.integers(0, len(data), damage)] = random.integers(0, 256, damage)
    damaged = Sample(lambda: io.BytesIO(data.tobytes()), media_type(short(codec), ""))
    for look in (
        lambda: damaged.audio_fingerprint,
        lambda: damaged.container,
        lambda: read_tags(damaged.open_content(), {}),
    ):
        with contextlib.suppress(DecodeError):
            look()


def short(codec: str) -> bytes:
    return recording(tune(1, 4), codec, metadata=TAGS)


@pytest.mark.parametrize("codec", ["mp3", "aac", "opus", "flac"])
def test_tags(codec: str) -> None:
    tags = read_tags(io.BytesIO(short(codec)), {})
    assert tags is not None
    assert (tags.title, tags.artist, tags.album, tags.track, tags.year) == ("Häuser", "Ana", "Quer", 3, 2021)
    assert tags.more["track_total"] == "12"


def test_tags_of_a_container_that_tinytag_does_not_know() -> None:
    assert read_tags(io.BytesIO(b"#!AMR\n" + bytes(50)), {"TITLE": "a\0b", "date": "0000"}) == Tags(
        title="a b", more={"date": "0000"}
    )
    assert read_tags(io.BytesIO(b"#!AMR\n" + bytes(50)), {}) is None


def test_long_tags_are_cut() -> None:
    tags = read_tags(io.BytesIO(b"?" * 50), {f"name{number}": "x" * 5000 for number in range(99)})
    assert tags is not None
    assert len(tags.more) == 50
    assert {len(value) for value in tags.more.values()} == {1000}


def test_what_a_wav_file_says_twice_is_said_once() -> None:
    listed = recording(tune(1, 1), "wav", metadata={"artist": "Ann", "title": "T"})
    tagged = recording(tune(1, 1), "mp3", metadata={"artist": "Ann ", "title": "T"})
    tag = tagged[: 10 + sum((size & 127) << shift for size, shift in zip(tagged[6:10], (21, 14, 7, 0), strict=True))]
    tag += bytes(len(tag) % 2)
    data = listed + b"id3 " + struct.pack("<I", len(tag)) + tag
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    tags = read_tags(io.BytesIO(data), {})
    assert tags is not None
    assert (tags.artist, tags.title) == ("Ann", "T")
