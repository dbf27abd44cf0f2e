"""Comparing Chromaprint fingerprints: where two recordings have the same sound, and what an index keeps to find it.

A fingerprint is an array of sub-fingerprints, 32 bits for each `STEP_SECONDS`. Two encodings of one recording differ in
a few of the bits, unrelated sounds in about half: the share is the bit error rate. How the thresholds were chosen
stands in doc/media_audio.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.audio.chromaprint import SPAN_SECONDS, STEP_SECONDS

AudioFingerprint: TypeAlias = NDArray[np.uint32]

MAX_ANCHORS, MIN_ANCHORS = 128, 64
SAMPLING_THRESHOLD = np.uint32(2**29)
"""One sub-fingerprint in eight has a lower priority: those are the anchors of all but short recordings."""
MAX_KEYS = 8_000
"""How many keys a search looks up."""
MAX_FLIPPED = 1 << 18
"""How many values with bits turned over are considered."""

LAG = 8
"""Sub-fingerprints, about a second, after which real sound has changed."""
MIN_CHANGE = 0.1
"""Share of the bits that change within `LAG`; below, as in silence and held tones, there is nothing to compare."""
MAX_ERRORS = 0.2
"""The bit error rate up to which sounds are the same."""
MIN_LENGTH = 16
"""Sub-fingerprints that must be alike: a clip of five seconds has about twenty."""
WINDOW = 16
"""Sub-fingerprints over which errors are averaged to see where likeness ends."""
MAX_ERRORS_IN_WINDOW = 0.3


@dataclass(frozen=True)
class Likeness:
    """Where two recordings have the same sound: positions and length in sub-fingerprints."""

    query_start: int
    match_start: int
    length: int
    errors: float
    """The bit error rate, 0 to `MAX_ERRORS`."""
    coverage: float
    """The share of the shorter of the two that is alike."""

    @property
    def score(self) -> float:
        """1 for the same bits throughout the shorter one, towards 0 for unrelated ones."""
        return (1 - 2 * self.errors) * self.coverage

    def seconds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return where that begins and ends in the query, and in the match."""
        lasts = (self.length - 1) * STEP_SECONDS + SPAN_SECONDS
        query, match = self.query_start * STEP_SECONDS, self.match_start * STEP_SECONDS
        return (query, query + lasts), (match, match + lasts)


def as_array(values: list[int]) -> AudioFingerprint:
    """Return sub-fingerprints as an array of shape (n,)."""
    return np.array(values, np.uint32)


def to_bytes(fingerprint: AudioFingerprint) -> bytes:
    """Return a fingerprint as it is kept, little-endian."""
    return fingerprint.astype("<u4").tobytes()


def from_bytes(kept: bytes) -> AudioFingerprint:
    """Read what `to_bytes` wrote."""
    return np.frombuffer(kept, "<u4").astype(np.uint32)


def anchors(fingerprint: AudioFingerprint) -> list[tuple[int, int]]:
    """Choose sub-fingerprints to find a recording by: their positions and values.

    By a priority that the value alone decides, so that the same ones are chosen in another encoding, and in a part.
    """
    places = np.flatnonzero(_changing(fingerprint))
    _, first = np.unique(fingerprint[places], return_index=True)
    places = places[first]
    order = np.argsort(_priority(fingerprint[places]), kind="stable")
    rare = int((_priority(fingerprint[places]) < SAMPLING_THRESHOLD).sum())
    chosen = np.sort(places[order[: min(max(rare, MIN_ANCHORS), MAX_ANCHORS)]])
    return list(zip(chosen.tolist(), fingerprint[chosen].tolist(), strict=True))


def _priority(values: AudioFingerprint) -> AudioFingerprint:
    """Return a number for each value that says nothing of it: Knuth's multiplicative hash, its bits mixed once more."""
    mixed = (values ^ (values >> np.uint32(15))) * np.uint32(2_654_435_761)
    return mixed ^ (mixed >> np.uint32(13))


def _changing(fingerprint: AudioFingerprint) -> NDArray[np.bool_]:
    """Tell where the sound changes within about a second, before or after."""
    changing = np.zeros(len(fingerprint), np.bool_)
    changes = np.bitwise_count(fingerprint[LAG:] ^ fingerprint[:-LAG]) >= MIN_CHANGE * 32
    changing[LAG:] |= changes
    changing[: len(changes)] |= changes
    return changing


def change(fingerprint: AudioFingerprint) -> float:
    """Return the share of bits that change within about a second: 0 for silence and steady tones."""
    if len(fingerprint) <= LAG:
        return 0.0
    return float(np.bitwise_count(fingerprint[LAG:] ^ fingerprint[:-LAG]).mean()) / 32


def keys(fingerprint: AudioFingerprint) -> tuple[AudioFingerprint, NDArray[np.int64]]:
    """Return the values under which anchors of the same sound may stand, and the positions they are near to.

    A sub-fingerprint comes out with a bit or two wrong in another encoding: so also with bits turned over, as
    far as `MAX_KEYS` go, and first those values whose priority makes them the likeliest anchors.
    """
    places = np.flatnonzero(_changing(fingerprint))
    one = np.uint32(1) << np.arange(32, dtype=np.uint32)
    two = (one[:, None] | one)[np.triu_indices(32, 1)]
    found, origin = fingerprint[places], places
    for turned, most in ((one, MAX_KEYS // 2), (two, MAX_KEYS)):
        if len(places) * len(turned) > MAX_FLIPPED:
            break
        values = (fingerprint[places][:, None] ^ turned).ravel()
        chosen = np.argsort(_priority(values), kind="stable")[: max(0, most - len(found))]
        found = np.concatenate([found, values[chosen]])
        origin = np.concatenate([origin, places[chosen // len(turned)]])
    distinct, first = np.unique(found, return_index=True)
    return distinct, origin[first]


def compare(query: AudioFingerprint, match: AudioFingerprint, offsets: Iterable[int]) -> Likeness | None:
    """Return where two recordings are alike, if they are: the longest run along one of the offsets.

    An offset is a position in the match less that in the query.
    """
    found = [likeness for offset in offsets for likeness in _along(query, match, offset)]
    return max(found, key=lambda likeness: likeness.length * (1 - 2 * likeness.errors), default=None)


def _along(query: AudioFingerprint, match: AudioFingerprint, offset: int) -> Iterator[Likeness]:
    start, end = max(0, -offset), min(len(query), len(match) - offset)
    if end - start < MIN_LENGTH:
        return
    wrong = np.bitwise_count(query[start:end] ^ match[start + offset : end + offset])
    total = np.concatenate([[0], np.cumsum(wrong, dtype=np.int64)])
    first, last = _longest_run(total[WINDOW:] - total[:-WINDOW] <= MAX_ERRORS_IN_WINDOW * 32 * WINDOW)
    if first == last:
        return
    length = last - 1 - first + WINDOW
    errors = float(total[first + length] - total[first]) / (32 * length)
    begin = start + first
    sounds = query[begin : begin + length], match[begin + offset : begin + offset + length]
    if errors <= MAX_ERRORS and min(map(change, sounds)) >= MIN_CHANGE:
        yield Likeness(begin, begin + offset, length, errors, length / min(len(query), len(match)))


def _longest_run(good: NDArray[np.bool_]) -> tuple[int, int]:
    """Return where the longest run begins and ends; the same twice when there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])
