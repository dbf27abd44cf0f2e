import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dam.media.hamming.near_values import NearValues

NEAR = st.sampled_from([0, 1, 3, 0xFF, 2**63, 2**63 + 1, 2**64 - 1])
"""A few values, so that many are equal or near."""


@given(st.lists(st.one_of(NEAR, st.integers(0, 2**64 - 1)), max_size=30), st.integers(0, 4))
def test_those_equal_or_near_to_another_one(values: list[int], radius: int) -> None:
    hashes = np.array(values, np.uint64)
    near = NearValues.of(hashes, radius)
    number = dict(zip(near.places.tolist(), near.numbers.tolist(), strict=True))
    pairs = {frozenset(pair) for pair in zip(near.one.tolist(), near.other.tolist(), strict=True)}
    assert set(number.values()) == set(range(len(near.values)))
    for one, first in enumerate(values):
        company = [
            other for other, second in enumerate(values) if other != one and (first ^ second).bit_count() <= radius
        ]
        assert (one in number) == bool(company)
        for other in company:
            assert number[one] == number[other] if first == values[other] else {number[one], number[other]} in pairs
    assert len(pairs) == len({frozenset((a, b)) for a in values for b in values if 0 < (a ^ b).bit_count() <= radius})
