"""All pairs of 64-bit hashes within a Hamming distance, exactly, in bounded memory.

Cut the 64 bits into `radius + k` bands. Two hashes that differ in at most `radius` bits differ in at most that many
bands, so they agree in at least k of them (the pigeonhole principle). For every choice of k bands the hashes are sorted
with the bits of these bands in front, and each is compared with those after it as long as the front bits are equal.
What is sorted are the hashes themselves with their bits in another order, and nothing beside them: the fastest sort
there is. Two orders are made at once, since numpy works without the interpreter's lock.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import combinations
from math import comb
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

BITS = 64
CHUNK = 1 << 18
"""Hashes handled at once: what is computed of them stays in the processor's cache."""

STRIDE = 29
"""Neighbouring pixels are nearly equal, so a band takes bits that lie apart: of all strides this one is the best."""

THREADS = 2
"""Orders made at once: each takes the room of all hashes."""

MOST_ORDERS = 1000
SORTING, COMPARING, SCANNING = 50.0, 8.0, 1.0
"""Nanoseconds to sort a hash, to compare two with equal front bits, and to compare two in a scan of all pairs."""
SAMPLE = 50_000
"""Hashes by which it is estimated how many have equal front bits: those of pictures are no random numbers."""

Hashes: TypeAlias = NDArray[np.uint64]
Pairs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]


def near_pairs(hashes: Hashes, radius: int) -> Iterator[Pairs]:
    """Yield all pairs of hashes that differ in at most `radius` bits (0–64), each once, as arrays of indices i < j.

    `hashes` are ascending and distinct: who has many equal ones makes them one first (`numpy.unique`), since among
    themselves they make more pairs than anybody can use.
    """
    if len(hashes) < 2 or radius < 1:  # noqa: PLR2004  a pair
        return
    spread = _moved(hashes, _spreading())
    sample = spread[:: max(1, len(spread) // SAMPLE)]
    extra = bands_beyond(len(hashes), radius, lambda extra: _crowding(sample, radius + extra, extra))
    if not extra:
        yield from _scan(hashes, radius)
        return
    orders = [_Order.of(chosen, radius + extra) for chosen in combinations(range(radius + extra), extra)]

    def pairs_by(number: int) -> list[Pairs]:
        order, earlier = orders[number], [before.front for before in orders[:number]]
        found = []
        for one, other in _equal_in_front(order.apply(spread), order.width, radius):
            first, second = order.undo(one), order.undo(other)
            new = _agree_in_none(first ^ second, earlier)
            found.append(_indices(hashes, first[new], second[new]))
        return found

    yield from _side_by_side(pairs_by, len(orders))


def _side_by_side(work: Callable[[int], list[Pairs]], count: int) -> Iterator[Pairs]:
    """Do some work for each number below `count`, few at a time, and yield what it finds, in order."""
    window: deque[Future[list[Pairs]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for number in range(count):
                window.append(pool.submit(work, number))
                if len(window) > THREADS:
                    yield from window.popleft().result()
            while window:
                yield from window.popleft().result()
        finally:
            for left in window:
                left.cancel()


def bands_beyond(count: int, radius: int, crowding: Callable[[int], float]) -> int:
    """Return how many bands more than `radius` are the quickest, or 0 where comparing all with all is quicker.

    `crowding` tells for a number of further bands how probable it is that the front bits of two hashes are equal.
    """
    costs = {0: count / 2 * SCANNING}
    for extra in range(1, BITS - radius + 1):
        orders = comb(radius + extra, extra)
        if orders > MOST_ORDERS or orders * SORTING > min(costs.values()):
            break
        costs[extra] = orders * (SORTING + COMPARING * count / 2 * crowding(extra))
    return min(costs, key=costs.__getitem__)


def _crowding(sample: Hashes, bands: int, chosen: int) -> float:
    """Return how probable it is that two hashes agree in some bands, by a sample."""
    order = _Order.of(range(chosen), bands)
    front = order.apply(sample) >> np.uint64(BITS - order.width) if order.width < BITS else order.apply(sample)
    edges = np.flatnonzero(np.concatenate([[True], front[1:] != front[:-1], [True]]))
    runs = np.diff(edges).astype(np.float64)
    return float((runs * (runs - 1)).sum() / (len(sample) * (len(sample) - 1)))


def _scan(hashes: Hashes, radius: int) -> Iterator[Pairs]:
    """Compare all with all, some rows at a time."""
    rows = 64
    for top in range(0, len(hashes), rows):
        block = hashes[top : top + rows, np.newaxis]
        for left in range(top, len(hashes), CHUNK // rows):
            away = np.bitwise_count(block ^ hashes[left : left + CHUNK // rows])
            first, second = np.nonzero(away <= radius)
            first, second = first + top, second + left
            once = first < second
            if once.any():
                yield first[once], second[once]


def _equal_in_front(ordered: Hashes, width: int, radius: int) -> Iterator[tuple[Hashes, Hashes]]:
    """Yield the pairs within `radius` whose first `width` bits are equal, as values; `ordered` is ascending."""
    limit = np.uint64(1 << (BITS - width)) if width else np.uint64(2**64 - 1)
    for start in range(0, len(ordered) - 1, CHUNK):
        here, after = ordered[start : start + CHUNK], ordered[start + 1 : start + 1 + CHUNK]
        away = here[: len(after)] ^ after
        places = np.flatnonzero(away < limit)
        away, places = away[places], places + start
        step = 1
        while places.size:
            near = places[np.bitwise_count(away) <= radius]
            if near.size:
                yield ordered[near], ordered[near + step]
            step += 1
            if places[-1] + step >= len(ordered):
                places = places[places + step < len(ordered)]
            away = ordered[places] ^ ordered[places + step]
            equal = away < limit
            away, places = away[equal], places[equal]


def _agree_in_none(differing: Hashes, fronts: Sequence[int]) -> NDArray[np.bool_]:
    """Tell which pairs, by their differing bits, were not found by an earlier order already."""
    new = np.ones(len(differing), np.bool_)
    for front in fronts:
        new &= (differing & np.uint64(front)) != 0
    return new


def _indices(hashes: Hashes, first: Hashes, second: Hashes) -> Pairs:
    gathered = _spreading_undone()
    one = np.searchsorted(hashes, _moved(first, gathered))
    other = np.searchsorted(hashes, _moved(second, gathered))
    return np.minimum(one, other), np.maximum(one, other)


class _Step(NamedTuple):
    """Some neighbouring bits, and how far they move to the front (negative: to the end)."""

    bits: int
    shift: int


class _Order(NamedTuple):
    """An order of the bits: some bands first, all others after them as they were."""

    steps: tuple[_Step, ...]
    front: int
    """The bits that come first, where they were before."""
    width: int
    """How many they are."""

    @classmethod
    def of(cls, chosen: Sequence[int], bands: int) -> "_Order":
        """Put the chosen bands first; all bands are equally wide but for one bit."""
        edges = [BITS * band // bands for band in range(bands + 1)]
        pieces = [(edges[band], edges[band + 1]) for band in chosen]
        rest = [band for band in range(bands) if band not in chosen]
        steps: list[_Step] = []
        place = front = 0
        for begin, end in pieces + [(edges[band], edges[band + 1]) for band in rest]:
            bits = ((1 << (end - begin)) - 1) << (BITS - end)
            if steps and steps[-1].shift == begin - place:  # moves with the one before it
                steps[-1] = _Step(steps[-1].bits | bits, begin - place)
            else:
                steps.append(_Step(bits, begin - place))
            if place < sum(piece[1] - piece[0] for piece in pieces):
                front |= bits
            place += end - begin
        return cls(tuple(steps), front, front.bit_count())

    def apply(self, hashes: Hashes) -> Hashes:
        """Return the hashes with their bits in this order, ascending."""
        ordered = np.empty_like(hashes)
        for start in range(0, len(hashes), CHUNK):
            part = hashes[start : start + CHUNK]
            ordered[start : start + CHUNK] = _shifted(part, self.steps)
        ordered.sort()
        return ordered

    def undo(self, ordered: Hashes) -> Hashes:
        """Return what `apply` was given, for some of what it gave."""
        return _shifted(ordered, [_Step(_shift(step.bits, step.shift), -step.shift) for step in self.steps])


def _shift(bits: int, places: int) -> int:
    return bits << places if places >= 0 else bits >> -places


def _shifted(hashes: Hashes, steps: Sequence[_Step]) -> Hashes:
    moved = np.zeros_like(hashes)
    for bits, places in steps:
        part = hashes & np.uint64(bits)
        if places > 0:
            part <<= np.uint64(places)
        elif places < 0:
            part >>= np.uint64(-places)
        moved |= part
    return moved


def _moved(hashes: Hashes, tables: NDArray[np.uint64]) -> Hashes:
    """Return the hashes with their bits in another order: `tables` say where those of each byte go, shape (8, 256)."""
    moved = np.zeros_like(hashes)
    for start in range(0, len(hashes), CHUNK):
        octets = hashes[start : start + CHUNK].view(np.uint8).reshape(-1, 8)
        for number in range(8):
            moved[start : start + CHUNK] |= tables[number][octets[:, number]]
    return moved


@cache
def _spreading() -> NDArray[np.uint64]:
    return _tables([bit * STRIDE % BITS for bit in range(BITS)])


@cache
def _spreading_undone() -> NDArray[np.uint64]:
    return _tables([bit * pow(STRIDE, -1, BITS) % BITS for bit in range(BITS)])


def _tables(places: Sequence[int]) -> NDArray[np.uint64]:
    """Return the tables that move bit n to `places[n]`."""
    octet = np.arange(256, dtype=np.uint64)
    tables = np.zeros((8, 256), np.uint64)
    for bit, place in enumerate(places):
        number = bit // 8 if sys.byteorder == "little" else 7 - bit // 8
        tables[number] |= ((octet >> np.uint64(bit % 8)) & np.uint64(1)) << np.uint64(place)
    return tables
