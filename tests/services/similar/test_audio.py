import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.sample import Sample
from dam.models import AudioAnchor, AudioFingerprintComponent, AudioPropertiesComponent, AudioTagsComponent
from dam.services.components import ecs
from dam.services.ingest.ingest import Status
from dam.services.library import Library
from dam.services.similar.match import SimilarMatch
from dam.services.similar.methods.audio import find_similar, similar_pairs
from tests.media.sounds import CODECS, RATE, TUNE_IN_VORBIS, recording, tune
from tests.services.conftest import ingest_all

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a recording: `write("name", signal, codec, …)`."""

    def write(name: str, *arguments: object, **options: object) -> Path:
        path = tmp_path / name
        path.write_bytes(recording(*arguments, **options))  # type: ignore[arg-type]
        return path

    return write


def sample(path: Path) -> Sample:
    return Sample(lambda: path.open("rb"), media_type(path.read_bytes()[:HEAD_BYTES], path.name))


def similar(library: Library, path: Path, limit: int | None = None) -> list[SimilarMatch]:
    with library.read() as session:
        return find_similar(session, sample(path), limit=limit)


def test_other_encodings_are_found_and_other_tunes_are_not(each_library: Library, write: Write) -> None:
    encodings = [write(codec, tune(1), codec, 64_000) for codec in CODECS] + [TUNE_IN_VORBIS]
    others = [write(f"other{seed}", tune(seed), "mp3") for seed in (2, 3)]
    outcomes = ingest_all(each_library, *encodings, *others)
    assert {outcome.status for outcome in outcomes} == {Status.ADDED}
    wanted = {outcome.entity_id for outcome in outcomes[: len(encodings)]}
    for path in encodings:
        matches = similar(each_library, path)
        assert {match.entity_id for match in matches} == wanted
        assert all(0.7 < match.score <= 1 and match.reason == "the same recording" for match in matches)
        assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert similar(each_library, encodings[0], limit=1)[0].score == 1
    with each_library.read() as session:
        pairs = list(similar_pairs(session))
    assert {(pair.entity_a, pair.entity_b) for pair in pairs} == {(a, b) for a in wanted for b in wanted if a < b}  # type: ignore[operator]
    assert all(pair.method == "audio_fingerprint" for pair in pairs)


def test_a_clip_is_found_with_where_it_is_and_the_whole_by_the_clip(library: Library, write: Write) -> None:
    signal = tune(1, 40)
    whole = write("whole", signal, "mp3")
    clip = write("clip", signal[int(21.3 * RATE) : int(36.3 * RATE)], "opus")
    [outcome, _] = ingest_all(library, whole, write("other", tune(2)))
    [match] = similar(library, clip)
    assert match.entity_id == outcome.entity_id
    assert match.details["match_seconds"][0] - match.details["query_seconds"][0] == pytest.approx(21.3, abs=0.15)
    assert match.reason == "15 s from 0:00 are the same sound as from 0:21"

    [outcome] = ingest_all(library, clip)
    found = {match.entity_id: match for match in similar(library, whole)}
    assert found[outcome.entity_id].details["query_seconds"][0] == pytest.approx(21.3, abs=0.5)  # type: ignore[index]


def test_silence_and_tones_match_nothing(library: Library, write: Write) -> None:
    times = np.arange(10 * RATE) / RATE
    silence = [write(f"silence{codec}", 0 * times, codec) for codec in CODECS]
    tones = [write(f"tone{pitch}", 0.5 * np.sin(2 * np.pi * pitch * times), "mp3") for pitch in (440, 441)]
    ingest_all(library, *silence, *tones, write("tune", tune(1)))
    for path in [*silence, *tones]:
        assert similar(library, path) == []
    with library.read() as session:
        assert list(similar_pairs(session)) == []


def test_an_asset_that_is_deleted_takes_its_anchors_along(each_library: Library, write: Write) -> None:
    path = write("tune", tune(1))
    [outcome] = ingest_all(each_library, path)
    assert outcome.entity_id
    with each_library.write() as session:
        assert 20 < (session.scalar(select(func.count()).select_from(AudioAnchor)) or 0) <= 128
        ecs.delete_entity(session, outcome.entity_id)
        assert session.scalar(select(func.count()).select_from(AudioAnchor)) == 0
    assert similar(each_library, path) == []


def test_a_truncated_file_costs_its_fingerprint_alone(library: Library, write: Write, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(write("whole", tune(1), "aac").read_bytes()[:60_000])
    [damaged, tuned] = ingest_all(library, cut, write("tune", tune(1)))
    assert damaged.entity_id
    assert damaged.error
    assert tuned.error is None
    with library.read() as session:
        assert ecs.get_component(session, damaged.entity_id, AudioFingerprintComponent) is None


def test_a_sound_too_short_for_a_fingerprint_is_no_failure(library: Library, write: Write) -> None:
    short = write("short", tune(1, 1))
    [outcome] = ingest_all(library, short)
    assert (outcome.status, outcome.error) == (Status.ADDED, None)
    assert similar(library, short) == []


def test_properties_are_those_that_ffprobe_tells(library: Library, write: Write) -> None:
    if not shutil.which("ffprobe"):
        pytest.skip("there is no ffprobe")
    paths = [write(codec, tune(1), codec, 128_000, layout="mono") for codec in CODECS] + [TUNE_IN_VORBIS]
    for path, outcome in zip(paths, ingest_all(library, *paths), strict=True):
        with library.read() as session:
            ours = ecs.get_component(session, outcome.entity_id or 0, AudioPropertiesComponent)
        assert ours is not None
        command: list[str | Path] = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        [stream] = told["streams"]
        assert ours.codec == stream["codec_name"]
        assert ours.container == told["format"]["format_name"]
        assert (ours.sample_rate, ours.channels) == (int(stream["sample_rate"]), stream["channels"])
        assert ours.duration_seconds == pytest.approx(float(told["format"]["duration"]), abs=0.05)
        assert ours.bit_rate == pytest.approx(int(stream.get("bit_rate") or told["format"]["bit_rate"]), rel=0.02)


def test_tags_are_kept(each_library: Library, write: Write) -> None:
    metadata = {"title": "Häuser", "artist": "Ana", "album": "Quer", "track": "3/12", "date": "2021", "genre": "Folk"}
    for codec in ("mp3", "flac"):
        [outcome] = ingest_all(each_library, write(codec, tune(1, 1), codec, metadata=metadata))
        with each_library.read() as session:
            tags = ecs.get_component(session, outcome.entity_id or 0, AudioTagsComponent)
        assert tags is not None
        assert (tags.title, tags.artist, tags.album, tags.track, tags.year) == ("Häuser", "Ana", "Quer", 3, 2021)
        assert json.loads(tags.more)["genre"] == "Folk"
