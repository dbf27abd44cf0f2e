from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from dam.models import Entity
from dam.services.components import ecs
from dam.services.hamming import near_pairs as near_hashes
from dam.services.hamming.arrays import TABLES
from dam.services.hamming.near_pairs import FAR, find_near
from dam.services.library import Library

HASHES = st.dictionaries(st.sampled_from(sorted(TABLES)), st.integers(0, 2**64 - 1).map(lambda bits: bits & 0x1F1F))
some = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("few", [0, 100])
@some
@given(
    stored=st.lists(HASHES, max_size=12),
    new=st.sets(st.integers(0, 11)),
    thresholds=st.dictionaries(st.sampled_from(sorted(TABLES)), st.integers(0, 8), min_size=1),
    data=st.data(),
)
def test_the_same_pairs_as_comparing_all_with_all(
    library: Library,
    few: int,
    stored: list[dict[str, int]],
    new: set[int],
    thresholds: dict[str, int],
    data: st.DataObject,
) -> None:
    needed = data.draw(st.integers(1, len(thresholds)))
    with library.write() as session:
        session.execute(delete(Entity))
        ids = ecs.add_entities(session, len(stored))
        for name, table in TABLES.items():
            having = [
                (entity_id, hashes[name]) for entity_id, hashes in zip(ids, stored, strict=True) if name in hashes
            ]
            rows = [{"entity_id": entity_id, "hash_value": f"{bits:016x}"} for entity_id, bits in having]
            ecs.put_rows(session, table, rows)

    expected = {}
    for one, other in combinations(range(len(stored)), 2):
        away = dict.fromkeys(TABLES, FAR)
        for name in stored[one].keys() & stored[other].keys():
            away[name] = (stored[one][name] ^ stored[other][name]).bit_count()
        near = sum(away[name] <= limit for name, limit in thresholds.items())
        if near >= needed and {one, other} & new:
            expected[ids[one], ids[other]] = away

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_hashes, "MAX_LOOKUPS", few)
        among = np.array([entity_id for place, entity_id in enumerate(ids) if place in new], np.int64)
        found = find_near(library, among, thresholds, list(thresholds)[: len(thresholds) - needed + 1], needed)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert {pair: {name: found.distances[name][n] for name in TABLES} for n, pair in enumerate(pairs)} == expected
    assert len(pairs) == len(expected)
