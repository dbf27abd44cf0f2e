"""Names: legal everywhere they are to be, never elsewhere, and given once."""

import os

from hypothesis import given
from hypothesis import strategies as st

from dam.services.export.names import GivenNames, candidates, legal_name

TEXT = st.text(max_size=300) | st.text(alphabet="./\\ ~-%é", max_size=20)


@given(text=TEXT, strict=st.booleans())
def test_a_name_is_one_part_that_a_folder_can_have(*, text: str, strict: bool) -> None:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # no database holds it
        return
    name = legal_name(text, strict=strict)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert "\0" not in name
    assert len(os.fsencode(name)) <= 255
    assert legal_name(name, strict=strict) == name
    if strict:
        assert not set(name) & set('<>:"\\|?*%\n\r')
        assert name == name.strip()
        assert name[-1] != "."


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=300))
def test_other_names_fit_and_differ(text: str) -> None:
    name = legal_name(text, strict=False)
    paths = list(candidates(["folder", name], "ab" * 32, 255))
    assert len(set(paths)) == 3
    assert all(len(os.fsencode(path.removeprefix("folder/"))) <= 255 for path in paths)


def test_a_name_is_given_once() -> None:
    exact, folded = GivenNames(ignore_case=False), GivenNames(ignore_case=True)
    assert [exact.claim(name) for name in ("a", "A", "a")] == [True, True, False]
    assert [folded.claim(name) for name in ("a", "A", "e\u0301", "é")] == [True, False, True, False]
    assert "a" in exact
    assert "b" not in exact
    exact.close()
    folded.close()
