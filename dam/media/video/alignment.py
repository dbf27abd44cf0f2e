"""Whether two videos show the same pictures in the same order, and from when to when.

Pictures that are near vote for the time by which one video is behind the other; a picture that is near many (a still)
has its vote divided among them. At the offset with the most votes, the pictures of both that fall together are
compared: how many of them agree gives the score, and the interval is the stretch in which they do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dam.media.video.fingerprint import VideoFingerprint

MAX_DISTANCE = 12
"""Bits by which the hashes of two pictures may differ that show the same."""
BITS = 64
TOGETHER_MS = 150
"""How far apart in time pictures may be that fall together: those that are kept are sampled every 250 ms."""
NEIGHBOURS = 3
"""How many pictures before and after a moment are looked at."""
STEP_MS = 250
MIN_PICTURES = 4
"""How many pictures must agree: a second of video; and where most of what falls together does not, twice as many."""
BLOCK = 512
"""Pictures that are compared with all others at once."""


@dataclass(frozen=True)
class Alignment:
    """The stretch that two videos share. Times are in milliseconds of each."""

    score: float
    """The share of the shorter one that the other shows too, 0 to 1."""
    pictures: int
    """How many agree."""
    query: tuple[int, int]
    match: tuple[int, int]
    extent: float
    """The share of the longer one that the other shows too."""


def align(query: VideoFingerprint, other: VideoFingerprint) -> Alignment | None:
    """Return the stretch that two videos share, or None if they share nothing that tells."""
    offset = _offset(query, other)
    if offset is None:
        return None
    asked = VideoFingerprint(query.times + offset, query.hashes)
    sparse, dense = (asked, other) if _spacing(asked) >= _spacing(other) else (other, asked)
    away = _away(sparse, dense)
    agrees, together = away <= MAX_DISTANCE, away <= BITS
    if not together.any():
        return None
    first, last = _stretch(agrees, together)
    score = float(agrees.sum() / together.sum()) * _overlap(asked, other)
    pictures = int(agrees[first : last + 1].sum())
    needed = MIN_PICTURES if score > 1 / 2 else 2 * MIN_PICTURES
    if pictures < min(needed, len(query), len(other)):
        return None
    begin, end = int(sparse.times[first]), int(sparse.times[last])
    return Alignment(score, pictures, (begin - offset, end - offset), (begin, end), score * _shorter(query, other))


def _spacing(of: VideoFingerprint) -> float:
    """Return how far apart the pictures mostly are."""
    return float(np.median(np.diff(of.times))) if len(of) > 1 else 0.0


def _away(sparse: VideoFingerprint, dense: VideoFingerprint) -> NDArray[np.uint8]:
    """Return for each picture by how many bits the nearest differs that falls together with it; 255 where none does."""
    away = np.full(len(sparse), 255, np.uint8)
    middle = np.searchsorted(dense.times, sparse.times)
    for step in range(-NEIGHBOURS, NEIGHBOURS):
        place = np.clip(middle + step, 0, len(dense) - 1)
        bits = np.bitwise_count(sparse.hashes ^ dense.hashes[place])
        is_together = np.abs(dense.times[place] - sparse.times) <= TOGETHER_MS
        away = np.where(is_together, np.minimum(away, bits), away)
    return away


def _offset(query: VideoFingerprint, other: VideoFingerprint) -> int | None:
    """Return how many milliseconds later the other shows what the query shows, by the votes of near pictures.

    The nearer two pictures are the more their vote weighs. Around the best offset the mean of the votes is taken: where
    the two were sampled at different moments, neighbours on both sides are equally near.
    """
    one, two, away = _near_pairs(query.hashes, other.hashes)
    if not one.size:
        return None
    votes = (MAX_DISTANCE + 1.0 - away) ** 2
    votes /= np.bincount(one, votes)[one]
    behind = other.times[two] - query.times[one]
    order = np.argsort(behind, kind="stable")
    behind, votes = behind[order], votes[order]
    sums = np.append(0, np.cumsum(votes))
    first = np.searchsorted(behind, behind - STEP_MS, side="left")
    last = np.searchsorted(behind, behind + STEP_MS, side="right")
    best = np.lexsort((np.abs(behind), -np.round(sums[last] - sums[first], 6)))[0]
    around = slice(first[best], last[best])
    return round(float(np.average(behind[around], weights=votes[around])))


def _overlap(one: VideoFingerprint, two: VideoFingerprint) -> float:
    """Return how much of the time of the shorter one the other is there too, 0 to 1."""
    begin, end = max(one.times[0], two.times[0]), min(one.times[-1], two.times[-1])
    shorter = min(one.times[-1] - one.times[0], two.times[-1] - two.times[0])
    return float(np.clip((end - begin + STEP_MS) / (shorter + STEP_MS), 0, 1))


def _shorter(one: VideoFingerprint, two: VideoFingerprint) -> float:
    """Return how long the shorter one is, as a share of the longer one."""
    lengths = [float(of.times[-1] - of.times[0]) + STEP_MS for of in (one, two)]
    return min(lengths) / max(lengths)


def _near_pairs(
    one: NDArray[np.uint64], two: NDArray[np.uint64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """Return the places of all pairs of near hashes, and the bits by which they differ, each of shape (n,)."""
    rows, columns, distances = [], [], []
    for first in range(0, len(one), BLOCK):
        away = np.bitwise_count(one[first : first + BLOCK, None] ^ two)
        row, column = np.nonzero(away <= MAX_DISTANCE)
        rows.append(row + first)
        columns.append(column)
        distances.append(away[row, column])
    if not rows:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.uint8)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(distances)


def _stretch(agrees: NDArray[np.bool_], together: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and the last place of the stretch with the most agreement over disagreement."""
    sums = np.append(0, np.cumsum(np.where(agrees, 1, np.where(together, -1, 0))))
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    begin = int(np.nonzero(sums[: end + 1] == lowest[end])[0][-1])
    return begin, end - 1
