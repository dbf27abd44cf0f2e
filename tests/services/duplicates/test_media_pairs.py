"""Similar pairs of media in groups: equal ones are a class, and the others need not be transitive."""

import numpy as np

from dam.services.duplicates.media_pairs import MediaPairs
from dam.services.duplicates.star_clustering import Pairs, group
from dam.services.similar.match import SimilarPair


def pair(one: int, other: int, *, equal: bool = False) -> SimilarPair:
    return SimilarPair(one, other, 1.0 if equal else 0.7, "test", "", equal=equal)


PAIRS = [pair(1, 2, equal=True), pair(1, 3, equal=True), pair(1, 5), pair(5, 7)]


def keepers(media: MediaPairs, ranked: list[int]) -> dict[int, int]:
    """The keeper of each entity that is none."""
    ids = np.array(ranked)
    numbers = media.numbers(ids)

    def are_duplicates(pairs: Pairs) -> np.ndarray:
        return media.are_similar(numbers[pairs.keepers], numbers[pairs.members])

    found = group(len(ids), [media.key(ids)], are_duplicates)
    return {int(ids[rank]): int(ids[keeper]) for rank, keeper in enumerate(found.tolist()) if keeper != rank}


def test_what_is_similar_to_one_is_to_its_equals() -> None:
    media = MediaPairs(PAIRS)
    assert media.entity_ids.tolist() == [1, 2, 3, 5, 7]
    assert keepers(media, [3, 5, 2, 7, 1, 9]) == {5: 3, 2: 3, 1: 3}
    assert keepers(media, [7, 1, 2, 3, 5]) == {5: 7, 2: 1, 3: 1}
    assert media.find(5, 3) == PAIRS[2]
    assert media.find(3, 1) == PAIRS[1]
    assert media.find(2, 3) == PAIRS[1]
    assert media.find(7, 3) is None


def test_some_among_all() -> None:
    media = MediaPairs(PAIRS, np.array([2, 3, 5]))
    assert keepers(media, [5, 3, 2, 1]) == {3: 5, 2: 5}


def test_none() -> None:
    assert keepers(MediaPairs(), [1, 2]) == {}
