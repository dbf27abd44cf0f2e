from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.services import near_hashes
from dam.services.near_hashes import FAR, find_near

NAMES = ("phash", "ahash", "dhash")
hashes_of_one = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2**64 - 1).map(lambda bits: bits & 0x1F1F))


@pytest.mark.parametrize("all_at_once", [False, True])
@given(
    stored=st.dictionaries(st.integers(1, 40), hashes_of_one, max_size=12),
    new=st.sets(st.integers(1, 40)),
    thresholds=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 8), min_size=1),
    data=st.data(),
)
def test_the_same_pairs_as_comparing_all_with_all(all_at_once, stored, new, thresholds, data) -> None:
    needed = data.draw(st.integers(1, len(thresholds)))
    arrays = {}
    for name in NAMES:
        known = {entity_id: hashes[name] for entity_id, hashes in sorted(stored.items()) if name in hashes}
        arrays[name] = np.array(list(known), np.int64), np.array(list(known.values()), np.uint64)

    expected = {}
    for one, other in combinations(sorted(stored), 2):
        away = dict.fromkeys(NAMES, FAR)
        for name in stored[one].keys() & stored[other].keys():
            away[name] = (stored[one][name] ^ stored[other][name]).bit_count()
        near = sum(away[name] <= limit for name, limit in thresholds.items())
        if near >= needed and {one, other} & new:
            expected[one, other] = away

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_hashes, "SCAN_LIMIT", -1 if all_at_once else 100)
        found = find_near(arrays, np.array(sorted(new), np.int64), thresholds, needed)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert {pair: {name: found.distances[name][n] for name in NAMES} for n, pair in enumerate(pairs)} == expected
    assert len(pairs) == len(expected)
