from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.errors import QueryError
from dam.services.query.parse import MAX_DEPTH, parse
from dam.services.query.tree import And, Between, Condition, Node, Not, Or, Regex, Saved, Text, Word, to_text
from tests.services.query.trees import trees

ANY_TEXT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z_][a-z0-9_.]{0,8}", fullmatch=True)
VALUES = st.one_of(
    ANY_TEXT.map(Text),
    st.builds(Between, ANY_TEXT.map(Text), st.none() | ANY_TEXT.map(Text)),
    st.builds(Between, st.none(), ANY_TEXT.map(Text)),
)
LEAVES = st.one_of(
    st.builds(Word, ANY_TEXT, st.booleans()).filter(lambda word: not word.text.endswith("*")),
    st.builds(
        Condition,
        NAMES,
        st.sampled_from((":", ":=", ">", ">=", "<", "<=")),
        st.lists(VALUES, min_size=1, max_size=3).map(tuple),
    ),
    st.from_regex(r"[a-z][a-z.-]{0,8}", fullmatch=True).map(Saved),
)


@given(trees(LEAVES) | trees())
def test_the_text_of_a_tree_has_that_tree(tree: Node) -> None:
    assert parse(to_text(tree)) == tree


@given(st.text(max_size=30) | st.text('ab:"()*.,-^@/\\<>= or', max_size=30))
def test_any_text_is_a_query_or_a_mistake_within_it(text: str) -> None:
    try:
        tree: Node | QueryError = parse(text)
    except QueryError as exc:
        tree = exc
    assert isinstance(tree, get_args(Node)) or 0 <= tree.column <= len(text)


def sea(name: str = "tag", operator: str = ":") -> Condition:
    return Condition(name, operator, (Text("sea"),))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", And()),
        ("   ", And()),
        ("tag:sea", sea()),
        ("TAG:sea", sea()),
        ("tag: sea", sea()),
        ("tag=sea", sea(operator=":=")),
        ("tag:>=sea", sea(operator=">=")),
        ("a b or c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a and b", And((Word("a"), Word("b")))),
        ("a (b or c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("-a ^b not c", And((Not(Word("a")), Not(Word("b")), Not(Word("c"))))),
        ("notable oregon", And((Word("notable"), Word("oregon")))),
        ('annual* "annual report"', And((Word("annual", prefix=True), Word("annual report")))),
        ("added:-2w.. b", And((Condition("added", ":", (Between(Text("-2w"), None),)), Word("b")))),
        ("taken:2024-05..2024-08", Condition("taken", ":", (Between(Text("2024-05"), Text("2024-08")),))),
        ("near:52.5,13.4,5km", Condition("near", ":", (Text("52.5"), Text("13.4"), Text("5km")))),
        ("tag:person:ada,b", Condition("tag", ":", (Text("person:ada"), Text("b")))),
        (r"name:/^a\/b c$/", Condition("name", ":", (Regex("^a/b c$"),))),
        ("source:/mnt/old", Condition("source", ":", (Text("/mnt/old"),))),
        ("@holiday -@work", And((Saved("holiday"), Not(Saved("work"))))),
        ("IMG_1.jpg a,b don't", And((Word("IMG_1.jpg"), Word("a,b"), Word("don't")))),
    ],
)  # fmt: skip
def test_queries(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("tag:", 4, "a value is missing"),
        ("tag:sea width>= ", 15, "a value is missing"),
        ("tag:a,", 6, "after the comma"),
        ("a (b or c", 9, "a closing parenthesis is missing"),
        ("a b)", 3, "no opening parenthesis"),
        ('tag:sea "annual', 8, "not closed"),
        ("a or", 4, "ends too early"),
        ("or a", 0, "not expected"),
        ("a ()", 3, "not expected"),
        ("size:1..2..3", 9, "not expected"),
        ("(" * (MAX_DEPTH + 1), MAX_DEPTH, "deep"),
    ],
)
def test_a_mistake_is_where_it_is(text: str, column: int, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as caught:
        parse(text)
    assert caught.value.column == column
    assert str(caught.value).splitlines()[-1] == "  " + " " * min(column, 60) + "^"
