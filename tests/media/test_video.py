"""Sampled pictures and fingerprints of videos, and how two of them align."""

import io
import random

import imagehash
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dam.core.errors import DecodeError
from dam.media.sample import Sample
from dam.media.video import sampling as module
from dam.media.video.alignment import align
from dam.media.video.fingerprint import Fingerprint, anchors, fingerprint, keys, phashes
from dam.media.video.sampling import Pictures, sample_pictures
from tests.media.clips import audio, scenes, video


def pictures(data: bytes) -> Pictures:
    return sample_pictures(io.BytesIO(data))


def fingerprinted(data: bytes) -> Fingerprint:
    return Sample(lambda: io.BytesIO(data), "video/mp4").video


def made(*hashes: int, step: int = 250, begin: int = 0) -> Fingerprint:
    return Fingerprint(begin + np.arange(len(hashes)) * step, np.array(hashes, np.uint64))


def noise(seed: int, number: int) -> list[int]:
    source = random.Random(seed)
    return [source.getrandbits(64) for _ in range(number)]


def test_a_picture_every_quarter_of_a_second() -> None:
    found = pictures(video(scenes(1, 3)))
    assert found.planes.shape == (12, 32, 32)
    assert found.times.tolist() == [0, 300, 500, 800, 1000, 1300, 1500, 1800, 2000, 2300, 2500, 2800]


def test_a_turned_video_is_sampled_as_it_is_shown() -> None:
    frames = scenes(1, 1)
    turned = [np.rot90(frame) for frame in frames]
    [one], [other] = (
        pictures(video(these[:1], rotation=rotation)).planes for these, rotation in ((frames, -90), (turned, 180))
    )
    # what is turned clockwise by 90 is what is turned against the clock by 90, and then by 180
    assert np.abs(one.astype(int) - other).mean() < 4


def test_too_many_pictures_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PICTURES", 8)
    found = pictures(video(scenes(1, 8)))
    assert found.times[0] == 0
    assert found.times[-1] >= 6000
    assert 4 <= len(found.times) <= 8


def test_of_what_is_long_only_key_frames_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = video(scenes(1, 6), g="10", bf="2", sc_threshold="0")
    monkeypatch.setattr(module, "MAX_PIXELS", 96 * 64 * 20)
    assert pictures(data).times.tolist() == [0, 1000, 2000, 3000, 4000, 5000]
    monkeypatch.setattr(module, "MAX_PIXELS", 96 * 64 * 3)
    assert pictures(data).times.tolist() == [0, 2000, 4000]


def test_hashes_are_those_of_imagehash() -> None:
    found = pictures(video(scenes(5, 4)))
    for plane, value in zip(found.planes, phashes(found.planes), strict=True):
        assert f"{value:016x}" == str(imagehash.phash(Image.fromarray(plane)))


def test_plain_pictures_are_left_out() -> None:
    black = [np.zeros((64, 96, 3), np.uint8)] * 20
    ramp = [np.repeat(np.linspace(0, 255, 96, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)] * 20
    found = fingerprinted(video([*black, *scenes(1, 2), *ramp]))
    assert len(found) >= 6
    assert all(2000 <= time < 4000 for time in found.times)
    assert len(fingerprinted(video(black))) == 0


def test_a_fingerprint_survives_being_kept() -> None:
    one = made(*noise(1, 9))
    again = Fingerprint.from_bytes(one.to_bytes())
    assert (again.times == one.times).all()
    assert (again.hashes == one.hashes).all()
    assert len(one.to_bytes()) == 9 * 12


def test_anchors_are_few_and_differ() -> None:
    still = made(*[7] * 400)
    assert len(anchors(still)) == 1
    assert len(anchors(made(*noise(1, 400)))) == 100
    assert len(anchors(made(*noise(1, 2000), step=4000))) == 256
    assert len(anchors(made())) == 0


def test_keys_are_the_halves() -> None:
    assert keys(np.array([0x0123456789ABCDEF], np.uint64)) == [(0x01234567, 0x89ABCDEF)]


@pytest.mark.parametrize("begin", [0, 10, 25])
def test_a_part_is_aligned_with_the_whole(begin: int) -> None:
    whole = noise(1, 40)
    found = align(made(*whole[begin : begin + 12]), made(*whole))
    assert found
    assert (found.score, found.pictures) == (1, 12)
    assert found.query == (0, 2750)
    assert found.match == (begin * 250, begin * 250 + 2750)


def test_a_shared_part_has_its_interval_and_share() -> None:
    shared = noise(1, 20)
    found = align(made(*noise(2, 20), *shared), made(*noise(3, 8), *shared, *noise(4, 12)))
    assert found
    assert found.query == (5000, 9750)
    assert found.match == (2000, 6750)
    assert 0.4 < found.score < 0.8


def test_what_shares_nothing_is_not_aligned() -> None:
    assert align(made(*noise(1, 40)), made(*noise(2, 40))) is None
    assert align(made(), made(*noise(2, 40))) is None
    assert align(made(*noise(2, 40)), made()) is None


def test_stills_are_aligned() -> None:
    found = align(made(*[5] * 8), made(*[7] * 30))
    assert found
    assert found.score == 1


def test_no_pictures_in_a_sound() -> None:
    assert len(pictures(audio(1)).times) == 0


@pytest.mark.parametrize("form", ["mp4", "matroska", "avi", "mpegts"])
def test_a_video_that_breaks_off(form: str) -> None:
    whole = video(scenes(1, 4), form, "mpeg4" if form == "avi" else "libx264")
    expected = fingerprinted(whole)
    for size in range(1, len(whole), len(whole) // 7):
        found = or_none(whole[:size])
        assert found is None or len(found) <= len(expected)


def test_a_video_with_broken_bytes() -> None:
    whole = video(scenes(1, 3))
    source = random.Random(1)
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(source.choice([1, 8, 64])):
            data[source.randrange(len(data))] = source.randrange(256)
        or_none(bytes(data))


def or_none(data: bytes) -> Fingerprint | None:
    """The fingerprint, or None where the content is refused as it should be."""
    sample = Sample(lambda: io.BytesIO(data), "video/mp4")
    try:
        return sample.video
    except DecodeError:
        with pytest.raises(DecodeError):
            _ = sample.video
        return None


def test_pictures_of_a_fingerprint_may_be_none() -> None:
    planes: NDArray[np.uint8] = np.empty((0, 32, 32), np.uint8)
    assert len(fingerprint(Pictures(np.empty(0, np.int64), planes))) == 0
