from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dam.media.hamming import all_pairs as hash_pairs
from dam.media.hamming.all_pairs import near_pairs
from dam.media.hamming.masks import families

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


@contextmanager
def by_family(number: int, chunk: int) -> Iterator[None]:
    """Take one family after the other, and so small pieces that pairs reach over their edges."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pairs, "cheapest", lambda _count, radius, _crowding: nth_family(radius, number))
        for name, value in {"CHUNK": chunk, "BLOCK": 4 * chunk, "LONG": 4, "ROWS": 3, "COLUMNS": 5}.items():
            patch.setattr(hash_pairs, name, value)
        yield


def nth_family(radius: int, number: int) -> Sequence[int]:
    """A family by its place in the order of their sizes, the smallest again after the last."""
    usable = sorted((masks for masks in families(radius) if len(masks) < 140), key=len)
    return usable[number % len(usable)] if usable else []


@given(st.sets(st.integers(0, 2**64 - 1), max_size=40), st.integers(0, 64), st.integers(0, 5))
def test_equals_brute_force_by_every_family(values: set[int], radius: int, number: int) -> None:
    hashes = np.array(sorted(values), np.uint64)
    with by_family(number if radius < 8 else 0, 8) if radius < 64 else nullcontext():
        assert found(hashes, radius) == brute_force(hashes, radius)


@pytest.mark.parametrize("number", range(6))
def test_pairs_of_near_neighbours_by_every_family(number: int) -> None:
    for radius in (1, 2, 4, 6):
        hashes = clustered(number, 600, radius)
        with by_family(number, 128):
            assert found(hashes, radius) == brute_force(hashes, radius)


@pytest.mark.parametrize("crowded", [0.01, 0.9])
def test_long_runs_of_equal_masks(crowded: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_pairs, "CROWDED", crowded)
    few_bits = np.random.default_rng(1).integers(0, 2**64, 1500, dtype=np.uint64) & np.uint64(0x0F00_0000_F000_0F0F)
    for number in range(5):
        with by_family(number, 512):
            assert found(np.unique(few_bits), 2) == brute_force(np.unique(few_bits), 2)


def test_numbers_that_follow_each_other() -> None:
    hashes = np.arange(3000, dtype=np.uint64)
    assert found(hashes, 2) == brute_force(hashes, 2)
    top = hashes << np.uint64(52)
    assert found(top, 2) == brute_force(top, 2)


@pytest.mark.parametrize("values", [[], [7], [0, 2**64 - 1]])
def test_few_hashes(values: list[int]) -> None:
    hashes = np.array(values, np.uint64)
    assert found(hashes, 63) == []
    assert found(hashes, 64) == ([(0, 1)] if len(values) == 2 else [])
    assert found(hashes, 0) == []
