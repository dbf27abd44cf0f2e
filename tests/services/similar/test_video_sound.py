"""The sound of videos: found by recordings, and beside the pictures; no duplicate of a recording."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dam.media.audio import chromaprint as chromaprint_library
from dam.media.audio import decoding as audio
from dam.models import AudioFingerprintComponent, SystemFailureComponent
from dam.services.components import ecs
from dam.services.duplicates.decider import DuplicateOptions
from dam.services.duplicates.groups import find_duplicates
from dam.services.ingest.run_systems import run_systems
from dam.services.library import Library
from dam.services.similar.explain import Judgement, explain
from dam.services.similar.search import SearchResult, find_similar
from tests.media.clips import audio as tone_alone
from tests.media.clips import scenes, video
from tests.media.sounds import RATE, recording, tune
from tests.services.conftest import ingest_all


def speech() -> NDArray[np.float64]:
    """The sound of the talk."""
    return tune(1, 24)


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A video with its own pictures and the talk as its sound."""
    return saved(tmp_path / "talk.mp4", video(scenes(1, 24, rate=5), rate=5, sound="aac", signal=speech()))


def found(answer: SearchResult) -> dict[int, str]:
    return {each.asset.entity_id: each.match.method for each in answer.found}


def test_a_recording_finds_the_video_that_it_was_taken_from(library: Library, talk: Path, tmp_path: Path) -> None:
    other = saved(tmp_path / "other.mkv", video(scenes(2, 8), "matroska", sound="libopus", signal=tune(2, 8)))
    ingest_all(library, talk, other)
    answer = find_similar(library, str(saved(tmp_path / "talk.mp3", recording(speech()[6 * RATE :], "mp3"))))
    [only] = answer.found
    assert (only.asset.entity_id, only.match.method, answer.parts_left_out) == (1, "audio_fingerprint", [])
    assert only.match.score > 0.7
    (asked, _), (there, _) = only.match.details["query_seconds"], only.match.details["match_seconds"]
    assert there - asked == pytest.approx(6, abs=0.15)
    assert only.match.reason.endswith(" s from 0:00 are the same sound as from 0:06")


def test_a_video_finds_by_pictures_and_by_sound(library: Library, talk: Path, tmp_path: Path) -> None:
    heard = saved(tmp_path / "heard.webm", video(scenes(7, 12), "webm", "libvpx-vp9", sound="libopus", signal=speech()))
    seen = saved(tmp_path / "seen.mp4", video(scenes(1, 24, (64, 42), rate=5), rate=5))
    both = saved(
        tmp_path / "both.avi", video(scenes(1, 24, rate=5), "avi", "mpeg4", rate=5, sound="mp3", signal=speech())
    )
    sound = saved(tmp_path / "sound.mp3", recording(speech(), "mp3"))
    ingest_all(library, heard, seen, both, sound)
    answer = find_similar(library, str(talk))
    assert found(answer) == {
        1: "audio_fingerprint",
        2: "video_fingerprint",
        3: "video_fingerprint",
        4: "audio_fingerprint",
    }
    matches = {each.asset.entity_id: each.match for each in answer.found}
    assert "sound" not in matches[2].details
    assert matches[3].details["sound"]["score"] > 0.8
    assert matches[3].reason.endswith("; by sound: the same recording")
    assert matches[4].reason == "the same recording"

    # What has the same sound only, or is of another kind, is no duplicate.
    [group] = find_duplicates(library, DuplicateOptions()).groups
    assert {group.keeper.entity_id, *(member.asset.entity_id for member in group.members)} == {2, 3}
    with library.read() as session:
        assert explain(session, "3", "4").judgement is Judgement.UNKNOWN
        assert ecs.get_component(session, 3, AudioFingerprintComponent)


def test_what_has_no_sound_is_no_failure(library: Library, tmp_path: Path) -> None:
    silent = saved(tmp_path / "silent.mp4", video(scenes(1, 2)))
    quiet = saved(tmp_path / "quiet.mp4", video(scenes(2, 8), sound="aac", signal=np.zeros(8 * RATE)))
    ingest_all(library, silent, quiet, saved(tmp_path / "no_pictures.mkv", tone_alone(5, "matroska")))
    with library.read() as session:
        assert ecs.get_components(session, 1, AudioFingerprintComponent) == []
        assert [ecs.get_components(session, id_, SystemFailureComponent) for id_ in (1, 2)] == [[], []]
    assert found(find_similar(library, str(quiet))) == {2: "content"}
    assert find_similar(library, str(silent)).error is None


def test_without_chromaprint_the_pictures_are_there_and_the_sound_comes_later(
    library: Library, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = saved(tmp_path / "copy.avi", video(scenes(1, 24, rate=5), "avi", "mpeg4", rate=5))
    with monkeypatch.context() as without:
        for name in ("_library", "_fpcalc"):
            without.setattr(chromaprint_library, name, lambda: None)
        [outcome] = ingest_all(library, talk)
        assert "apt install libchromaprint1" in (outcome.obstacle or "")
        assert outcome.error is None
        assert ingest_all(library, talk)[0].status.value == "unchanged"
        answer = find_similar(library, str(copy))
        assert (found(answer), answer.error) == ({1: "video_fingerprint"}, None)
        assert "apt install" in answer.parts_left_out[0]
        without.setattr(audio, "installed", lambda: False)
        [update] = run_systems(library)
        assert update.ran == ()
        assert "the sound of videos needs the extra `audio` (" in (update.obstacle or "")
    [update] = run_systems(library)
    assert (update.ran, update.obstacle) == (("audio_fingerprint",), None)
    assert list(run_systems(library)) == []
    assert found(find_similar(library, str(saved(tmp_path / "talk.flac", recording(speech()))))) == {
        1: "audio_fingerprint"
    }
