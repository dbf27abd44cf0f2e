"""Collections: named, and in an order."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.errors import ConflictError, NotFoundError, UsageError
from dam.services.catalogue.trashed import put_in_trash
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.user_data import collections
from dam.services.user_data.collections import (
    Collection,
    add_to_collection,
    all_collections,
    members,
    move_in_collection,
    remove_from_collection,
    rename_collection,
)


def order(library: Library, name: str = "Best") -> list[int]:
    with library.read() as session:
        return members(session, name)


def test_collections_are_kept_in_order(each_library: Library) -> None:
    with each_library.write() as session:
        a, b, c, d = ecs.add_entities(session, 4)
        assert add_to_collection(session, "Best", [c, a]) == 2
    with each_library.write() as session:
        assert add_to_collection(session, "BEST", [a, d, b]) == 2
        add_to_collection(session, "Rest", [a])
        assert all_collections(session) == [Collection("Best", 4), Collection("Rest", 1)]
    assert order(each_library) == [c, a, d, b]
    with each_library.write() as session:
        assert move_in_collection(session, "best", [b, d], before=a) == 2
    assert order(each_library) == [c, b, d, a]
    with each_library.write() as session:
        move_in_collection(session, "best", [c], before=None)
    assert order(each_library) == [b, d, a, c]
    with pytest.raises(ConflictError), each_library.write() as session:
        rename_collection(session, "best", "rest")
    with each_library.write() as session:
        assert rename_collection(session, "best", "Finest") == 4
    with each_library.write() as session:
        assert rename_collection(session, "finest", "FINEST") == 4
        assert [each.name for each in all_collections(session)] == ["FINEST", "Rest"]
    with each_library.write() as session:
        assert remove_from_collection(session, "finest", [a, b]) == 2
        assert remove_from_collection(session, "rest") == 1
    assert order(each_library, "finest") == [d, c]
    with each_library.write() as session:
        put_in_trash(Recorder(session, "rm"), [d])
    assert order(each_library, "finest") == [c]
    for _ in range(5):
        undo(each_library)
    assert order(each_library) == [b, d, a, c]
    undo(each_library)
    undo(each_library)
    assert order(each_library) == [c, a, d, b]


def test_what_is_not_there(library: Library) -> None:
    with library.write() as session:
        one, other = ecs.add_entities(session, 2)
        add_to_collection(session, "best", [one])
    with library.read() as session:
        for wrong in ([other], [one, other]):
            with pytest.raises(NotFoundError):
                move_in_collection(session, "best", wrong, before=None)
        with pytest.raises(UsageError):
            move_in_collection(session, "best", [one], before=one)
        for action in (members, remove_from_collection):
            with pytest.raises(NotFoundError):
                action(session, "none")
        for name in ("", "a\nb", "x" * 256):
            with pytest.raises(UsageError):
                add_to_collection(session, name, [one])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_moves_give_the_order_of_a_list(library: Library, data: st.DataObject) -> None:
    gap = collections.GAP
    collections.GAP = 2  # narrow, so that positions are often given anew
    try:
        with library.write() as session:
            expected = ecs.add_entities(session, data.draw(st.integers(1, 6)))
            add_to_collection(session, "x", expected)
            for _ in range(data.draw(st.integers(0, 8))):
                moved = data.draw(st.lists(st.sampled_from(expected), min_size=1, unique=True))
                rest = [each for each in expected if each not in moved]
                before = data.draw(st.sampled_from([*rest, None]))
                index = len(rest) if before is None else rest.index(before)
                expected = [*rest[:index], *moved, *rest[index:]]
                move_in_collection(session, "x", moved, before=before)
                assert members(session, "x") == expected
            session.rollback()
    finally:
        collections.GAP = gap
