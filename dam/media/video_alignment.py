"""Whether two videos show the same pictures in the same order, and from when to when.

Pictures that are near vote for the time by which one video is behind the other; a picture that is near many (a still)
has its vote divided among them. At the offset with the most votes, the pictures of both that fall together are
compared: how many of them agree is the score, and the interval is the stretch in which they do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dam.media.video_fingerprint import Fingerprint

NEAR = 12
"""Bits by which the hashes of two pictures may differ that show the same."""
TOGETHER_MS = 200
"""How far apart in time pictures may be that fall together: they are sampled every 250 ms."""
LEAST_PICTURES = 4
"""How many pictures must agree: a second of video."""
BLOCK = 512
"""Pictures that are compared with all others at once."""


@dataclass(frozen=True)
class Alignment:
    """The stretch that two videos share. Times are in milliseconds of each."""

    score: float
    """The share of the pictures that fall together that agree, 0 to 1."""
    pictures: int
    """How many agree."""
    query: tuple[int, int]
    match: tuple[int, int]


def align(query: Fingerprint, other: Fingerprint) -> Alignment | None:
    """Return the stretch that two videos share, or None if they share nothing that tells."""
    offset = _offset(query, other)
    if offset is None:
        return None
    nearest, together = _beside(query.times + offset, other.times)
    if not together.any():
        return None
    away = np.bitwise_count(query.hashes ^ other.hashes[nearest])
    agrees = together & (away <= NEAR)
    first, last = _stretch(agrees, together)
    score = agrees.sum() / together.sum()
    pictures = int(agrees[first : last + 1].sum())
    if pictures < min(LEAST_PICTURES, len(query), len(other)):
        return None
    return Alignment(
        float(score),
        pictures,
        (int(query.times[first]), int(query.times[last])),
        (int(query.times[first]) + offset, int(query.times[last]) + offset),
    )


def _offset(query: Fingerprint, other: Fingerprint) -> int | None:
    """Return how many milliseconds later the other shows what the query shows, by the votes of near pictures."""
    one, two = _near_pairs(query.hashes, other.hashes)
    if not one.size:
        return None
    votes = 1 / np.bincount(one)[one]
    behind = other.times[two] - query.times[one]
    order = np.argsort(behind, kind="stable")
    behind, sums = behind[order], np.append(0, np.cumsum(votes[order]))
    last = np.searchsorted(behind, behind + TOGETHER_MS, side="right")
    first = np.arange(behind.size)
    best = np.lexsort((np.abs(behind), -np.round(sums[last] - sums[first], 6)))[0]
    return int(np.median(behind[best : last[best]]))


def _near_pairs(one: NDArray[np.uint64], two: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    found = [
        np.nonzero(np.bitwise_count(one[first : first + BLOCK, None] ^ two) <= NEAR)
        for first in range(0, len(one), BLOCK)
    ]
    firsts = [rows + number * BLOCK for number, (rows, _) in enumerate(found)]
    seconds = [columns for _, columns in found]
    empty = np.empty(0, np.intp)
    return np.concatenate([empty, *firsts]), np.concatenate([empty, *seconds])


def _beside(times: NDArray[np.int64], others: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which of the others is nearest to each time, and whether it is near enough to fall together."""
    after = np.clip(np.searchsorted(others, times), 1, max(len(others) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(others) - 1)
    nearest = np.where(np.abs(others[before] - times) <= np.abs(others[after] - times), before, after)
    return nearest, np.abs(others[nearest] - times) <= TOGETHER_MS


def _stretch(agrees: NDArray[np.bool_], together: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and the last place of the stretch with the most agreement over disagreement."""
    sums = np.append(0, np.cumsum(np.where(agrees, 1, np.where(together, -1, 0))))
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    begin = int(np.nonzero(sums[: end + 1] == lowest[end])[0][-1])
    return begin, end - 1
