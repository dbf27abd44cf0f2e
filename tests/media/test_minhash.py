import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.documents.minhash import (
    INDEXED,
    ORDERS,
    SHORT,
    fingerprint,
    from_bytes,
    index_keys,
    shingles_of,
    similarity,
    to_bytes,
)

WORDS = [
    f"{one}{other}" for one in ("ba", "ke", "li", "mo", "nu", "ras") for other in ("ta", "ren", "sil", "pok", "dum")
]


def words(seed: int, count: int = 600) -> list[str]:
    source = random.Random(seed)
    return [source.choice(WORDS) + str(source.randrange(20)) for _ in range(count)]


def alike(one: str, other: str) -> float:
    first, second = fingerprint(one), fingerprint(other)
    assert first is not None
    assert second is not None
    return float(similarity(first, second))


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.2, 0.3])
def test_the_estimate_is_near_the_true_similarity(rate: float) -> None:
    source = random.Random(1)
    errors = []
    for seed in range(40):
        text = words(seed)
        edited = [source.choice(WORDS) if source.random() < rate else word for word in text]
        one, other = " ".join(text), " ".join(edited)
        true = len(np.intersect1d(shingles_of(one), shingles_of(other))) / len(
            np.union1d(shingles_of(one), shingles_of(other))
        )
        errors.append(alike(one, other) - true)
    assert abs(np.mean(errors)) < 0.03
    assert np.std(errors) < 1.5 * np.sqrt(0.25 / ORDERS)


def test_texts_of_other_words_have_nothing_in_common() -> None:
    assert all(alike(" ".join(words(seed)), " ".join(words(seed + 100))) < 0.05 for seed in range(20))


def test_case_punctuation_and_layout_do_not_count() -> None:
    text = words(1)
    assert alike(" ".join(text), ",\n".join(word.upper() for word in text) + "!") == 1


def test_ascii_and_other_letters_go_the_same_way() -> None:
    text = " ".join(words(1))
    assert alike(text, f"{text} ß") > 0.98


def test_short_texts_match_only_when_equal() -> None:
    text = words(1, SHORT - 1)
    assert alike(" ".join(text), "  ".join(text)) == 1
    assert alike(" ".join(text), " ".join([*text[:-1], "other"])) < 0.05
    assert alike(" ".join(text), " ".join(reversed(text))) < 0.05
    assert alike(" ".join(text), " ".join(text + words(1))) < 0.05


@pytest.mark.parametrize("text", ["", " \n", "…!?", "___"])
def test_no_words_have_no_fingerprint(text: str) -> None:
    assert fingerprint(text) is None


@pytest.mark.parametrize("first", [0x4E00, 0x3042, 0x0E01, 0x1780])
def test_languages_without_spaces(first: int) -> None:
    source = random.Random(1)
    letters = [chr(first + number) for number in range(40)]
    text = source.choices(letters, k=800)
    edited = list(text)
    edited[300:320] = source.choices(letters, k=20)
    assert 0.8 < alike("".join(text), "".join(edited)) < 1
    assert alike("".join(text), "".join(source.choices(letters, k=800))) < 0.1


@given(st.text(max_size=300))
def test_any_text_has_the_same_fingerprint_again(text: str) -> None:
    one, again = fingerprint(text), fingerprint(text)
    assert (one is None) == (again is None)
    if one is not None and again is not None:
        assert (one == again).all()
        assert (from_bytes(to_bytes(one)) == one).all()
        assert len(set(index_keys(one).tolist())) == INDEXED


def test_fingerprints_stay_what_they_are() -> None:
    found = fingerprint("The quick brown fox jumps over the lazy dog, and then it does so once more; nobody knows why.")
    assert found is not None
    assert found[:4].tolist() == [54799, 61572, 37225, 54119]  # else libraries need a new version of the system
