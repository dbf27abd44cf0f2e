import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dam.services.duplicates import star_clustering as grouping
from dam.services.duplicates.star_clustering import (
    Key,
    Pairs,
    crossing_key,
    equality_key,
    explicit_key,
    group,
    hash_key,
)


def everything(pairs: Pairs) -> NDArray[np.bool_]:
    return np.ones(len(pairs.keepers), np.bool_)


def one_by_one(count: int, alike: set[tuple[int, int]], apart: set[tuple[int, int]]) -> list[int]:
    """What `group` does, in plain steps: `alike` has pairs of a keeper and a member."""
    keeper = [-1] * count
    for rank in range(count):
        if keeper[rank] < 0:
            keeper[rank] = rank
            for other in range(rank + 1, count):
                taken = [one for one in range(other) if keeper[one] == rank]
                if keeper[other] < 0 and (rank, other) in alike and not any((one, other) in apart for one in taken):
                    keeper[other] = rank
    return keeper


hashes = st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([1 << n for n in range(10)] + [3, 6, 12]), max_size=25)


@settings(max_examples=200)
@given(
    hashes,
    st.integers(0, 4),
    st.sets(st.tuples(st.integers(0, 24), st.integers(0, 24))),
    st.sets(st.tuples(st.integers(0, 24), st.integers(0, 24))),
    st.sets(st.tuples(st.integers(0, 24), st.integers(0, 24))),
    st.integers(1, 50),
)
def test_equals_one_by_one(
    values: list[int],
    radius: int,
    refused: set[tuple[int, int]],
    more: set[tuple[int, int]],
    apart: set[tuple[int, int]],
    block: int,
) -> None:
    count = len(values)
    apart = {(min(pair), max(pair)) for pair in apart if max(pair) < count and pair[0] != pair[1]}
    given_pairs = np.array([pair for pair in more if max(pair) < count], np.int64).reshape(-1, 2)
    keys = [
        hash_key(np.array(values, np.uint64), np.ones(count, np.bool_), radius),
        explicit_key(given_pairs[:, 0], given_pairs[:, 1], count),
    ]

    def are_duplicates(pairs: Pairs) -> NDArray[np.bool_]:
        chosen = zip(pairs.keepers.tolist(), pairs.members.tolist(), strict=True)
        return np.array([pair not in refused | apart for pair in chosen], np.bool_)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "MAX_PAIRS", block)
        found = group(count, keys, are_duplicates, np.array(list(apart), np.int64).reshape(-1, 2))
    near = {(i, j) for i in range(count) for j in range(count) if (values[i] ^ values[j]).bit_count() <= radius}
    assert found.tolist() == one_by_one(count, (near | more) - refused - apart, apart)


def test_a_chain_does_not_become_one_group() -> None:
    chain = np.array([0, 1, 3, 7, 15, 31], np.uint64)
    key = hash_key(chain, np.ones(6, np.bool_), 1)
    assert group(6, [key], everything).tolist() == [0, 0, 2, 2, 4, 4]


def test_thousands_of_equal_ones_are_looked_at_once_each() -> None:
    looked_at = 0

    def are_duplicates(pairs: Pairs) -> NDArray[np.bool_]:
        nonlocal looked_at
        looked_at += len(pairs.keepers)
        return everything(pairs)

    count = 20_000
    assert group(count, [equality_key(np.zeros(count, np.int64))], are_duplicates).tolist() == [0] * count
    assert looked_at == count - 1


def test_what_has_no_value_is_alone() -> None:
    values = np.array([-1, 2, -1, 2, 0], np.int64)
    assert group(5, [equality_key(values)], everything).tolist() == [0, 1, 2, 1, 4]
    known = np.array([True, False, True])
    assert group(3, [hash_key(np.zeros(3, np.uint64), known, 4)], everything).tolist() == [0, 1, 0]


def test_a_member_is_met_under_its_other_hash() -> None:
    keepers, members = np.array([8, 1 << 40, 5 << 20], np.uint64), np.array([1 << 50, 9, 1 << 60], np.uint64)
    seen: list[int] = []

    def are_duplicates(pairs: Pairs) -> NDArray[np.bool_]:
        seen.extend(pairs.kinds.tolist())
        return everything(pairs)

    key: Key = crossing_key(keepers, members, np.ones(3, np.bool_), 1, kind=3)
    assert group(3, [key], are_duplicates).tolist() == [0, 0, 2]
    assert seen == [3]


def test_nothing() -> None:
    assert group(0, [equality_key(np.empty(0, np.int64))], everything).tolist() == []
