"""Ingesting videos, and finding those that show the same."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from sqlalchemy import func, select

from dam.core.errors import DecodeError
from dam.media.container import probe
from dam.media.sample import Sample
from dam.models import (
    AudioStreamComponent,
    ContainerComponent,
    DimensionsComponent,
    SystemFailureComponent,
    VideoAnchor,
    VideoFingerprintComponent,
    VideoStreamComponent,
)
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.similar.match import SimilarMatch
from dam.services.similar.methods.video import find_similar, similar_pairs
from tests.media.clips import scenes, video
from tests.services.conftest import ingest_all

RATE = 12


def clip(seed: int, seconds: float = 8) -> list[NDArray[Any]]:
    return scenes(seed, seconds, rate=RATE)


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def search(library: Library, data: bytes, **options: int) -> list[SimilarMatch]:
    with library.read() as session:
        return find_similar(session, Sample(lambda: io.BytesIO(data), "video/mp4"), **options)


def test_what_is_known_of_a_video(each_library: Library, tmp_path: Path) -> None:
    moment = "2021-02-03T04:05:06.000000Z"
    data = video(scenes(1, 2), sound="aac", rotation=-90, metadata={"creation_time": moment, "title": "Lake"})
    [outcome] = ingest_all(each_library, saved(tmp_path / "a.mp4", data))
    assert outcome.error is None
    entity_id = outcome.entity_id or 0
    with each_library.read() as session:
        container = ecs.get_component(session, entity_id, ContainerComponent)
        [pictures] = ecs.get_components(session, entity_id, VideoStreamComponent)
        [tone] = ecs.get_components(session, entity_id, AudioStreamComponent)
        size = ecs.get_component(session, entity_id, DimensionsComponent)
        anchors = session.scalars(select(VideoAnchor.time).where(VideoAnchor.entity_id == entity_id)).all()
        fingerprint = ecs.get_component(session, entity_id, VideoFingerprintComponent)
        assert container
        assert container.created == probe(io.BytesIO(data)).created
        assert container.duration == pytest.approx(2, abs=0.1)
        assert json.loads(container.tags)["title"] == "Lake"
        assert (pictures.codec, pictures.width, pictures.height, pictures.rotation) == ("h264", 96, 64, 90)
        assert (tone.codec, tone.sample_rate, tone.channels) == ("aac", 44_100, 1)
        assert size
        assert (size.width, size.height) == (64, 96)
        assert fingerprint
        assert len(fingerprint.pictures) == 8 * 12
        assert 1 <= len(anchors) <= 3


def test_copies_and_parts_are_found(each_library: Library, tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{seed}.mp4", video(clip(seed), rate=RATE)) for seed in (1, 2, 3)]
    wanted = ingest_all(each_library, *paths)[1].entity_id
    frames = clip(2)
    for data in (
        video(frames, "webm", "libvpx-vp9", rate=RATE),
        video(frames, "avi", "mpeg4", rate=RATE),
        video(frames, size=(192, 128), rate=RATE),
        video(frames, size=(64, 42), rate=RATE),
    ):
        [match] = search(each_library, data)
        assert (match.entity_id, match.method) == (wanted, "video_fingerprint")
        assert match.score > 0.9
        assert match.details["query"] == pytest.approx([0, 7.75], abs=0.3)
        assert match.details["match"] == pytest.approx(match.details["query"], abs=0.1)

    begin, end = 29, 77
    [match] = search(each_library, video(frames[begin:end], rate=RATE))
    assert match.entity_id == wanted
    assert match.score > 0.9
    assert match.details["query"] == pytest.approx([0, (end - begin) / RATE], abs=0.3)
    assert match.details["match"] == pytest.approx([begin / RATE, end / RATE], abs=0.3)
    assert match.reason.startswith("shows the same for ")
    json.dumps(dict(match.details))


def test_what_shows_something_else_is_not_found(library: Library, tmp_path: Path) -> None:
    ingest_all(library, *(saved(tmp_path / f"{seed}.mp4", video(clip(seed, 4), rate=RATE)) for seed in range(3)))
    assert search(library, video(clip(9), rate=RATE)) == []
    assert search(library, video([frame * 0 for frame in clip(1, 3)], rate=RATE)) == []
    with library.read() as session:
        assert list(similar_pairs(session)) == []


def test_the_best_comes_first(library: Library, tmp_path: Path) -> None:
    frames = clip(1)
    half = saved(tmp_path / "half.mp4", video([*frames[: 4 * RATE], *clip(2, 4)], rate=RATE))
    whole = saved(tmp_path / "whole.mp4", video(frames, rate=RATE))
    ids = [outcome.entity_id for outcome in ingest_all(library, half, whole)]
    data = video(frames, "avi", "mpeg4", rate=RATE)
    found = search(library, data)
    assert [match.entity_id for match in found] == [ids[1], ids[0]]
    assert found[0].score > 0.9
    assert 0.4 < found[1].score < 0.6
    assert found[1].details["match"] == pytest.approx([0, 4], abs=0.3)
    assert search(library, data, limit=1) == found[:1]
    with library.read() as session:
        [pair] = similar_pairs(session)
    assert (pair.entity_a, pair.entity_b) == (ids[0], ids[1])
    assert pair.score == pytest.approx(found[1].score, abs=0.1)


def test_a_deleted_video_is_not_found(each_library: Library, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mp4", video(clip(1, 3), rate=RATE))
    [outcome] = ingest_all(each_library, path)
    assert [match.score for match in search(each_library, path.read_bytes())] == [1]
    with each_library.write() as session:
        ecs.delete_entity(session, outcome.entity_id or 0)
    with each_library.read() as session:
        assert session.scalar(select(func.count()).select_from(VideoAnchor)) == 0
    assert search(each_library, path.read_bytes()) == []


def test_damage_costs_the_fingerprint_alone(library: Library, tmp_path: Path) -> None:
    whole = video(clip(1, 3), rate=RATE)
    (tmp_path / "whole.mp4").write_bytes(whole)
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    outcomes = ingest_all(library, tmp_path)
    assert sorted(bool(outcome.error) for outcome in outcomes) == [False, True]
    assert all(outcome.entity_id for outcome in outcomes)
    with library.read() as session:
        reasons = set(session.scalars(select(SystemFailureComponent.reason)))
        assert all("FFmpeg cannot read it" in reason for reason in reasons)
        assert session.scalar(select(func.count()).select_from(VideoFingerprintComponent)) == 1
    with pytest.raises(DecodeError):
        search(library, b"no video")
