from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dam.media import hash_pairs
from dam.media.hash_pairs import bands_beyond, near_pairs

Found = list[tuple[int, int]]


def found(hashes: NDArray[np.uint64], radius: int) -> Found:
    return sorted(
        (int(i), int(j)) for one, other in near_pairs(hashes, radius) for i, j in zip(one, other, strict=True)
    )


def brute_force(hashes: NDArray[np.uint64], radius: int) -> Found:
    away = np.bitwise_count(hashes[:, np.newaxis] ^ hashes)
    return [(int(i), int(j)) for i, j in np.argwhere(away <= radius) if i < j]


def clustered(seed: int, count: int, most: int) -> NDArray[np.uint64]:
    """Hashes around few centres, ascending and distinct."""
    random = np.random.default_rng(seed)
    centres = random.integers(0, 2**64, max(1, count // 20), dtype=np.uint64)
    hashes = random.choice(centres, count)
    for _ in range(most):
        hashes ^= np.uint64(1) << random.integers(0, 64, count, dtype=np.uint64)
    return np.unique(hashes)


@pytest.mark.parametrize("radius", range(65))
def test_equals_brute_force_at_every_radius(radius: int) -> None:
    hashes = clustered(radius, 200, max(1, radius // 2))
    assert found(hashes, radius) == brute_force(hashes, radius)


@settings(max_examples=60)
@given(st.sets(st.integers(0, 2**64 - 1), max_size=40), st.integers(0, 64), st.integers(0, 3))
def test_equals_brute_force_by_every_method(values: set[int], radius: int, extra: int) -> None:
    hashes = np.array(sorted(values), np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pairs, "bands_beyond", lambda *_: extra if radius < 8 else 0)
        patch.setattr(hash_pairs, "CHUNK", 64)  # so that pairs reach over its edges
        assert found(hashes, radius) == brute_force(hashes, radius)


@pytest.mark.parametrize("extra", [1, 2, 3])
def test_pairs_of_near_neighbours_by_every_method(extra: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_pairs, "bands_beyond", lambda *_: extra)
    monkeypatch.setattr(hash_pairs, "CHUNK", 128)
    for radius in (1, 2, 4, 6):
        hashes = clustered(extra, 600, radius)
        assert found(hashes, radius) == brute_force(hashes, radius)


def test_numbers_that_follow_each_other() -> None:
    hashes = np.arange(3000, dtype=np.uint64)
    assert found(hashes, 2) == brute_force(hashes, 2)
    top = hashes << np.uint64(52)
    assert found(top, 2) == brute_force(top, 2)


def test_the_method_follows_the_cost() -> None:
    def random(radius: int) -> Callable[[int], float]:
        return lambda extra: 2.0 ** -(64 * extra // (radius + extra))

    assert bands_beyond(1_000_000, 4, random(4)) == 2
    assert bands_beyond(1_000_000, 4, lambda extra: 0.1**extra) > 2
    assert bands_beyond(1_000_000, 40, random(40)) == 0
    assert bands_beyond(50, 4, random(4)) == 0
    assert all(bands_beyond(10_000_000, radius, random(radius)) >= 1 for radius in range(1, 9))


@pytest.mark.parametrize("values", [[], [7], [0, 2**64 - 1]])
def test_few_hashes(values: list[int]) -> None:
    hashes = np.array(values, np.uint64)
    assert found(hashes, 63) == []
    assert found(hashes, 64) == ([(0, 1)] if len(values) == 2 else [])
    assert found(hashes, 0) == []
