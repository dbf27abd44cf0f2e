"""Renaming and merging tags, with what is below them."""

import pytest

from dam.core.errors import ConflictError, NotFoundError, UsageError
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags import move
from dam.services.tags.counts import count_hierarchy, count_tags
from dam.services.tags.move import merge_tags, rename_tag
from dam.services.tags.rules import Rule, RuleKind, add_rules, load_rules
from dam.services.tags.tags import add_tags, get_tags_for_entity


def fill(library: Library, *tags_of_each: str) -> list[int]:
    with library.write() as session:
        ids = ecs.add_entities(session, len(tags_of_each))
        for entity_id, tags in zip(ids, tags_of_each, strict=True):
            add_tags(session, [entity_id], tags.split())
    return ids


def state(library: Library, ids: list[int]) -> list[str]:
    with library.read() as session:
        return [" ".join(get_tags_for_entity(session, entity_id)) for entity_id in ids]


RENAMES = [
    ("a", "b", ["a a/x c", "A/x"], ["b b/x c", "b/x"]),
    ("a", "A", ["a a/x", "a/X/y"], ["A A/x", "A/x/y"]),
    ("a", "a/b", ["a", "a/b", "a/b/b c"], ["a/b", "a/b/b", "a/b/b/b c"]),
    ("a/b", "a", ["a/b", "a/b/b"], ["a", "a/b"]),
    ("a", "b", ["a-z a0 ab aé", "a"], ["a-z a0 ab aé", "b"]),
    ("a b", "b", ["ab"], None),
]


@pytest.mark.parametrize(("old", "new", "before", "after"), RENAMES)
def test_a_tag_is_renamed_with_what_is_below(
    each_library: Library,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    before: list[str],
    after: list[str] | None,
) -> None:
    monkeypatch.setattr(move, "PAGE", 1)
    ids = fill(each_library, *before)
    first = state(each_library, ids)
    if after is None:
        with pytest.raises(NotFoundError), each_library.write() as session:
            rename_tag(session, old, new)
        return
    with each_library.write() as session:
        rename_tag(session, old, new)
    assert state(each_library, ids) == after
    undo(each_library)
    assert state(each_library, ids) == first


def test_two_tags_become_one(library: Library) -> None:
    ids = fill(library, "sea sea/north", "ocean", "ocean sea", "ocean/north sea/north")
    before = state(library, ids)
    with pytest.raises(ConflictError, match="merge"), library.write() as session:
        rename_tag(session, "sea", "ocean")
    with library.write() as session:
        moved = merge_tags(session, "Sea", "Ocean")
        assert (moved.assets, len(moved.tags)) == (4, 2)
    assert state(library, ids) == ["ocean ocean/north", "ocean", "ocean", "ocean/north"]
    undo(library)
    assert state(library, ids) == before
    with pytest.raises(UsageError, match="one tag already"), library.write() as session:
        merge_tags(session, "sea", "SEA")
    with pytest.raises(UsageError, match="at most"), library.write() as session:
        rename_tag(session, "sea", "s" * 252)


def test_rules_follow_their_tags(library: Library) -> None:
    fill(library, "ocean", "water")
    with library.write() as session:
        recorder = Recorder(session, "tag")
        add_rules(recorder, RuleKind.ALIAS, "sea", ["ocean"])
        add_rules(recorder, RuleKind.IMPLIES, "ocean", ["water"])
        add_rules(recorder, RuleKind.IMPLIES, "beach", ["ocean"])
    with library.write() as session:
        rename_tag(session, "ocean", "deep/ocean")
        assert load_rules(session).all == [
            Rule(RuleKind.IMPLIES, "beach", "deep/ocean"),
            Rule(RuleKind.IMPLIES, "deep/ocean", "water"),
            Rule(RuleKind.ALIAS, "sea", "deep/ocean"),
        ]
    with library.write() as session:
        merge_tags(session, "deep/ocean", "water")  # implies itself then: that rule goes
        assert [(rule.tag, rule.target) for rule in load_rules(session).all] == [("beach", "water"), ("sea", "water")]
    undo(library)
    undo(library)
    with library.read() as session:
        assert len(load_rules(session).all) == 3


def test_counts_with_those_below(each_library: Library) -> None:
    fill(each_library, "place/italy place/italy/rome", "place/italy/rome", "Place/France", "person:ada place0", "p")
    with each_library.read() as session:
        counts = count_hierarchy(session)
        assert counts.of_tag == {
            "p": 1,
            "person:ada": 1,
            "place/France": 1,
            "place/italy": 1,
            "place/italy/rome": 2,
            "place0": 1,
        }
        assert counts.with_below == {"place": 3, "place/italy": 2}
        assert count_tags(session, "PLACE/italy") == {"place/italy": 1, "place/italy/rome": 2}
        assert count_hierarchy(session, "place/italy").with_below == {"place/italy": 2}
