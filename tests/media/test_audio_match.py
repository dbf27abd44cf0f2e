"""Comparing fingerprints: encodings and parts of one recording, and what has nothing to compare."""

import io

import numpy as np
import pytest

from dam.media.audio import match as audio_match
from dam.media.audio.match import AudioFingerprint
from dam.media.sample import Sample
from tests.media.sounds import RATE, recording, tune


def heard(signal: object, codec: str = "flac") -> AudioFingerprint:
    data = recording(signal, codec)  # type: ignore[arg-type]
    return audio_match.as_array(Sample(lambda: io.BytesIO(data), "audio/mpeg").audio_fingerprint)


def synthetic(seed: int, length: int) -> AudioFingerprint:
    return np.random.default_rng(seed).integers(0, 2**32, length, dtype=np.uint32)


def common_anchors(one: AudioFingerprint, other: AudioFingerprint) -> int:
    keys, _ = audio_match.keys(other)
    return len({key for _, key in audio_match.anchors(one)} & set(keys.tolist()))


def test_an_encoding_has_anchors_of_the_other() -> None:
    assert common_anchors(heard(tune(1)), heard(tune(1), "mp3")) > 10
    assert common_anchors(heard(tune(1)), heard(tune(2))) == 0


@pytest.mark.parametrize("length", [1, 20, 100, 1900, 4846])
def test_anchors_and_keys_are_bounded(length: int) -> None:
    fingerprint = synthetic(1, length)
    chosen = audio_match.anchors(fingerprint)
    assert len(chosen) == min(length if length > audio_match.LAG else 0, len(chosen)) <= 128
    assert all(fingerprint[position] == key for position, key in chosen)
    keys, positions = audio_match.keys(fingerprint)
    assert len(keys) == len(positions) <= audio_match.MAX_KEYS
    near = np.bitwise_count(fingerprint[positions] ^ keys)
    assert not len(near) or near.max() <= 2


def test_a_part_is_found_where_it_is() -> None:
    whole = synthetic(1, 500)
    part = whole[200:260] ^ (synthetic(2, 60) & synthetic(3, 60) & synthetic(4, 60) & synthetic(5, 60))
    likeness = audio_match.compare(part, whole, [-3, 200])
    assert likeness is not None
    assert (likeness.query_start, likeness.match_start, likeness.length, likeness.coverage) == (0, 200, 60, 1)
    assert 0.04 < likeness.errors < 0.09
    assert audio_match.compare(whole, part, [-200]) is not None


def test_what_is_around_a_common_part_is_left_out() -> None:
    common = synthetic(1, 100)
    one = np.concatenate([synthetic(2, 50), common, synthetic(3, 80)])
    other = np.concatenate([synthetic(4, 20), common, synthetic(5, 40)])
    likeness = audio_match.compare(one, other, [-30])
    assert likeness is not None
    assert likeness.query_start == pytest.approx(50, abs=10)
    assert likeness.length == pytest.approx(100, abs=20)


def test_unrelated_sounds_are_not_alike() -> None:
    one, other = heard(tune(1)), heard(tune(2))
    assert audio_match.compare(one, other, range(-len(one), len(other))) is None


NOTHING = {
    "silence": np.zeros(10 * RATE),
    "near silence": np.random.default_rng(1).normal(0, 1e-5, 10 * RATE),
    "a tone": 0.5 * np.sin(2 * np.pi * 440 * np.arange(10 * RATE) / RATE),
    "a hum": 0.1 * np.sign(np.sin(2 * np.pi * 50 * np.arange(10 * RATE) / RATE)),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_says_nothing_has_no_anchors_and_is_like_nothing(name: str) -> None:
    fingerprint = heard(NOTHING[name])
    assert audio_match.anchors(fingerprint) == []
    assert audio_match.compare(fingerprint, fingerprint, [0]) is None


def test_a_fingerprint_is_kept_in_four_bytes_each() -> None:
    fingerprint = np.array([1, 2**32 - 1], np.uint32)
    assert audio_match.to_bytes(fingerprint) == b"\1\0\0\0\xff\xff\xff\xff"
    assert audio_match.from_bytes(audio_match.to_bytes(fingerprint)).tolist() == fingerprint.tolist()
