from collections.abc import Sequence
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.database import writing
from dam.services.library import Library
from dam.services.query.select import count, find_page
from dam.services.query.tree import Node, to_text
from tests.services.query.brute import matching
from tests.services.query.small import ASSETS, Rows, fill
from tests.services.query.trees import trees


@settings(
    max_examples=min(30, settings().max_examples),  # each has many queries
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ASSETS, min_size=1, max_size=6), st.lists(trees(), min_size=1, max_size=8))
def test_every_database_finds_what_brute_force_does(
    each_library: Library, libraries: Sequence[Rows], queries: Sequence[Node]
) -> None:
    with writing(each_library.engine)() as session:
        assets = fill(session, libraries)
        for tree in queries:
            text = to_text(tree)
            expected = matching(assets, tree, datetime.now().astimezone())
            assert (text, find_page(session, text)) == (text, expected)
            assert count(session, text) == len(expected)
            assert find_page(session, text, limit=2, offset=1) == expected[1:3]
        session.rollback()
