"""All pairs of 64-bit hashes within a Hamming distance, exactly, in bounded memory.

Two near hashes agree in at least one of some masks (see `masks`). For every mask the hashes are sorted with its
bits at the top, and each is compared with those after it as long as these bits are equal. What is sorted are the hashes
themselves with their bits in another order, and nothing beside them: the fastest sort there is. Two orders are made at
once, since numpy works without the interpreter's lock.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.masks import BITS, cheapest

CHUNK, BLOCK = 1 << 15, 1 << 20
"""Hashes handled at once: what is computed of a chunk stays in the processor's cache, what is left of a block, too."""

THREADS = 2
"""Orders made at once: each takes the room of all hashes."""

CROWDED = 1 / 16
"""All of a chunk are compared with those some places on while so many of them agree in the mask there."""
LONG = 64
"""Length of a run of hashes that agree in the mask from which on all of it are compared with all."""
ROWS, COLUMNS = 64, 1 << 11
SAMPLE = 1 << 14
"""Hashes by which it is estimated how many agree in a mask: those of pictures are no random numbers."""

Hashes: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]
Pairs: TypeAlias = tuple[Places, Places]


class _Swap(NamedTuple):
    """Some bits, each of which changes places with the one so far above it."""

    bits: int
    distance: int


Swaps: TypeAlias = Sequence[_Swap]
"""Swaps that do not depend on their order: done again they undo themselves, and that of an XOR is the XOR of theirs."""

SPREADING = (_Swap(0x0000_CCCC_0000_CCCC, 16), _Swap(0x0000_0000_AAAA_AAAA, 32))
"""Neighbouring pixels are nearly equal, so a band takes bits that lie apart: in each second column the rows change
places with those four on, in each second pair of columns with those two on."""


def near_pairs(hashes: Hashes, radius: int) -> Iterator[Pairs]:
    """Yield all pairs of hashes that differ in at most `radius` bits (0–64), each once, as arrays of indices i < j.

    `hashes` are ascending and distinct: many equal ones would make more pairs among themselves than anybody can use.
    """
    if len(hashes) < 2 or radius < 1:  # noqa: PLR2004  a pair
        return
    spread = _swapped(hashes, SPREADING)
    sample = spread[:: max(1, len(spread) // SAMPLE)]
    masks = cheapest(len(hashes), radius, lambda masks: _crowding(sample, masks))
    if not masks:
        yield from _scan(hashes, len(hashes), 1, radius)
        return

    rooms = [np.empty_like(spread) for _ in range(THREADS)]

    def pairs_by(number: int) -> Pairs:
        swaps = _to_top(masks[number])
        room = rooms.pop()
        ordered = _swapped(spread, swaps, room)
        ordered.sort()
        found = [np.empty((2, 0), np.uint64)]
        for one, other in _equal_in_mask(ordered, masks[number].bit_count(), radius):
            pairs = np.stack([ordered[one], ordered[other]])
            new = _agree_in_none(_swapped(pairs[0] ^ pairs[1], swaps), masks[:number])
            found.append(pairs[:, new])
        rooms.append(room)
        values = _swapped(_swapped(np.concatenate(found, axis=1).ravel(), swaps), SPREADING)
        one, other = _places(hashes, values).reshape(2, -1)
        return np.minimum(one, other), np.maximum(one, other)

    yield from _side_by_side(pairs_by, len(masks))


def _side_by_side(work: Callable[[int], Pairs], count: int) -> Iterator[Pairs]:
    """Do some work for each number below `count`, few at a time, and yield what it finds, in order."""
    window: deque[Future[Pairs]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for number in range(count):
                window.append(pool.submit(work, number))
                if len(window) > THREADS:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            for left in window:
                left.cancel()


def _crowding(sample: Hashes, masks: Sequence[int]) -> float:
    """Return how probable it is that two hashes agree in a mask, by a sample of both."""
    apart = -(-len(masks) // 5)
    some = masks[apart // 2 :: apart]
    equal = 0.0
    for mask in some:
        values = np.sort(sample & np.uint64(mask))
        runs = np.diff(np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1], [True]]))).astype(np.float64)
        equal += float((runs * (runs - 1)).sum())
    return equal / len(some) / (len(sample) * (len(sample) - 1))


def _equal_in_mask(ordered: Hashes, width: int, radius: int) -> Iterator[Pairs]:
    """Yield the pairs within `radius` whose first `width` bits are equal; `ordered` is ascending."""
    limit = np.uint64(1 << (BITS - width))
    together = _crowded_steps(ordered, limit)
    for begin in range(0, len(ordered) - 1, BLOCK):
        found, left = [], []
        for start in range(begin, min(begin + BLOCK, len(ordered) - 1), CHUNK):
            for step in range(1, together + 1):
                after = ordered[start + step : start + step + CHUNK]
                away = ordered[start : start + len(after)] ^ after
                near = np.flatnonzero(np.bitwise_count(away) <= radius)
                near = near[away[near] < limit] + start
                found.append((near, near + step))
            left.append(np.flatnonzero(away < limit) + start)
        found += _in_long_runs(ordered, np.concatenate(left), together, limit, radius)
        one, other = (np.concatenate(column) for column in zip(*found, strict=True))
        yield one, other


def _crowded_steps(ordered: Hashes, limit: np.uint64) -> int:
    """Return up to which distance in the order so many hashes agree in the mask that all are compared."""
    places = np.arange(0, len(ordered), max(1, len(ordered) >> 14))
    for step in range(1, LONG):
        places = places[: np.searchsorted(places, len(ordered) - step)]
        away = ordered[places] ^ ordered[places + step]
        if np.count_nonzero(away < limit) <= len(places) * CROWDED:
            return step
    return LONG


def _in_long_runs(ordered: Hashes, places: Places, step: int, limit: np.uint64, radius: int) -> Iterator[Pairs]:
    """Yield the near pairs more than `step` apart, for the places whose hashes agree in the mask `step` places on."""
    while places.size and step < LONG:
        step += 1
        places = places[: np.searchsorted(places, len(ordered) - step)]
        away = ordered[places] ^ ordered[places + step]
        equal = away < limit
        away, places = away[equal], places[equal]
        near = places[np.bitwise_count(away) <= radius]
        yield near, near + step
    if places.size:
        for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
            end = int(np.searchsorted(ordered, ordered[run[0]] | (limit - np.uint64(1)), "right"))
            for one, other in _scan(ordered[run[0] : end], len(run), step + 1, radius):
                yield one + run[0], other + run[0]


def _scan(hashes: Hashes, rows: int, gap: int, radius: int) -> Iterator[Pairs]:
    """Compare each of the first `rows` hashes with all that are `gap` or more places on, many with many."""
    for top in range(0, rows, ROWS):
        block = hashes[top : min(top + ROWS, rows), np.newaxis]
        for left in range(top + gap, len(hashes), COLUMNS):
            across = hashes[left : left + COLUMNS]
            one, other = np.divmod(np.flatnonzero(np.bitwise_count(block ^ across) <= radius), len(across))
            one, other = one + top, other + left
            once = other - one >= gap
            if once.any():
                yield one[once], other[once]


def _agree_in_none(differing: Hashes, masks: Sequence[int]) -> NDArray[np.bool_]:
    """Tell which pairs, by their differing bits, were not found by an earlier mask already."""
    new = np.ones(len(differing), np.bool_)
    for mask in masks:
        new &= (differing & np.uint64(mask)) != 0
    return new


def _places(hashes: Hashes, values: Hashes) -> Places:
    """Return where the values are; in ascending order they are looked up several times as fast."""
    order = np.argsort(values)
    places = np.empty(len(values), np.int64)
    places[order] = np.searchsorted(hashes, values[order])
    return places


def _to_top(mask: int) -> Swaps:
    """Return swaps that move the bits of a mask to the top."""
    width = mask.bit_count()
    top = (1 << BITS) - (1 << (BITS - width))
    below, free = mask & ~top, top & ~mask
    swaps = []
    while below:
        distance = max(range(1, BITS), key=lambda distance: ((below << distance) & free).bit_count())
        bits = below & (free >> distance)
        swaps.append(_Swap(bits, distance))
        below, free = below ^ bits, free ^ (bits << distance)
    return swaps


def _swapped(hashes: Hashes, swaps: Swaps, out: Hashes | None = None) -> Hashes:
    """Return the hashes with some of their bits swapped."""
    result = np.empty_like(hashes) if out is None else out
    spare = np.empty(min(CHUNK, len(hashes)), np.uint64)
    for start in range(0, len(hashes), CHUNK):
        before, after = hashes[start : start + CHUNK], result[start : start + CHUNK]
        moving = spare[: len(after)]
        if not swaps:
            after[:] = before
        for bits, distance in swaps:
            np.right_shift(before, np.uint64(distance), out=moving)
            moving ^= before
            moving &= np.uint64(bits)
            np.bitwise_xor(before, moving, out=after)
            moving <<= np.uint64(distance)
            after ^= moving
            before = after
    return result
