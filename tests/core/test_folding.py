import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.folding import folded

TEXTS = st.text() | st.text(st.sampled_from("sSßẞİIiıée\u0301\u0345ΑᾳΣσςǰ\u1e9b\u0323ﬁ"), max_size=6)  # noqa: RUF001


@given(TEXTS)
def test_case_and_unicode_form_do_not_matter(text: str) -> None:
    key = folded(text)
    assert folded(key) == key
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == key
    assert folded(unicodedata.normalize("NFD", text).casefold()) == key
    assert len(key) <= 3 * len(unicodedata.normalize("NFC", text))
    assert unicodedata.is_normalized("NFC", key)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Straße", "STRASSE", True),
        ("é", "E\u0301", True),
        ("İ", "i\u0307", True),
        ("ı", "i", False),  # noqa: RUF001
        ("ΌΣΟΣ", "όσος", True),
        ("a", "ä", False),
    ],
)
def test_which_names_are_the_same(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001
    assert (folded(one) == folded(other)) is is_same
