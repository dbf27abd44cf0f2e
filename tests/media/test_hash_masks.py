from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
import pytest

from dam.media.hamming.masks import cheapest, families


def bands(masks: Sequence[int]) -> list[int]:
    """The bits that are in the same masks, for each such set."""
    alike: dict[tuple[bool, ...], int] = {}
    for bit in range(64):
        inside = tuple(bool(mask >> bit & 1) for mask in masks)
        alike[inside] = alike.get(inside, 0) | 1 << bit
    return list(alike.values())


def choices(pieces: list[int], radius: int) -> Iterator[int]:
    """The bits of any `radius` bands; of many choices some."""
    if comb(len(pieces), radius) <= 20_000:
        yield from map(sum, combinations(pieces, radius))
    random = np.random.default_rng(radius)
    yield from (sum(random.choice(np.array(pieces, object), radius, replace=False)) for _ in range(2000))


@pytest.mark.parametrize("radius", range(1, 11))
def test_whatever_differs_leaves_a_front_clean(radius: int) -> None:
    for masks in families(radius):
        pieces = bands(masks)
        dirty = np.array(list(choices(pieces, min(radius, len(pieces)))), np.uint64)
        for mask in masks:
            dirty = dirty[(dirty & np.uint64(mask)) != 0]
        assert not dirty.size, f"{len(masks)} masks of {len(pieces)} bands"


def test_planes_are_fewer_than_choices_of_bands() -> None:
    sizes = {(len(masks), min(mask.bit_count() for mask in masks)) for masks in families(4)}
    assert {(5, 12), (12, 21), (30, 32), (70, 32)} <= sizes


def test_every_radius_has_a_family() -> None:
    for radius in range(1, 64):
        masks = next(iter(families(radius)))
        assert all(0 < mask < 1 << 64 for mask in masks)


def test_the_family_follows_the_cost() -> None:
    def random(masks: Sequence[int]) -> float:
        return 2.0 ** -masks[0].bit_count()

    assert len(cheapest(1_000_000, 4, random)) == 12
    assert len(cheapest(100_000_000, 4, random)) == 30
    assert len(cheapest(1_000_000, 4, lambda masks: 100 * random(masks))) > 12  # hashes that are not random at all
    assert len(cheapest(1_000_000, 40, random)) == 0
    assert len(cheapest(50, 4, random)) == 0
    assert all(cheapest(10_000_000, radius, random) for radius in range(1, 9))
