"""Aliases and implications."""

import pytest
from sqlalchemy import select

from dam.core.errors import DamError, NotFoundError, UsageError
from dam.models import TagRule
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags.move import apply_rules
from dam.services.tags.rules import RuleKind, add_rules, load_rules, remove_rules
from dam.services.tags.tags import add_tags, get_tags_for_entity, remove_tags

ALIAS, IMPLIES = RuleKind.ALIAS, RuleKind.IMPLIES


def say(library: Library, kind: RuleKind, tag: str, *targets: str) -> int:
    with library.write() as session:
        return len(add_rules(Recorder(session, "tag"), kind, tag, targets))


def tags(library: Library, entity_id: int) -> list[str]:
    with library.read() as session:
        return get_tags_for_entity(session, entity_id)


@pytest.fixture
def asset(library: Library) -> int:
    with library.write() as session:
        return ecs.add_entities(session, 1)[0]


def test_adding_an_alias_gives_the_one(library: Library, asset: int) -> None:
    assert say(library, ALIAS, "Sea", "ocean") == 1
    assert say(library, ALIAS, "sea", "Ocean") == 0
    say(library, ALIAS, "mer", "sea")
    with library.write() as session:
        add_tags(session, [asset], ["SEA", "mer", "ocean"])
    assert tags(library, asset) == ["ocean"]
    with library.write() as session:
        assert remove_tags(session, [asset], ["mer"]) == 1
    assert tags(library, asset) == []


def test_what_a_tag_implies_is_added_too(library: Library, asset: int) -> None:
    say(library, IMPLIES, "place/italy", "italy", "Europe")
    say(library, IMPLIES, "europe", "earth")
    with library.write() as session:
        assert add_tags(session, [asset], ["place/italy/rome"]) == 4
    assert tags(library, asset) == ["Europe", "earth", "italy", "place/italy/rome"]


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        ([], (ALIAS, "a", "A")),
        ([], (IMPLIES, "a", "a")),
        ([], (IMPLIES, "a", "a/b")),
        ([(IMPLIES, "a", "b"), (IMPLIES, "b", "c")], (IMPLIES, "C", "a")),
        ([(IMPLIES, "a/x", "b")], (IMPLIES, "b", "a/x/y")),
        ([(ALIAS, "a", "b"), (ALIAS, "b", "c")], (ALIAS, "c", "a")),
        ([(IMPLIES, "a", "b")], (ALIAS, "b", "a")),
        ([(ALIAS, "a", "b")], (IMPLIES, "b", "a")),
        ([(ALIAS, "a", "b")], (ALIAS, "a", "c")),
        ([], (ALIAS, "a", "b,c")),
    ],
)
def test_cycles_are_refused(
    library: Library, rules: list[tuple[RuleKind, str, str]], wrong: tuple[RuleKind, str, str]
) -> None:
    for rule in rules:
        say(library, *rule)
    with pytest.raises(UsageError):
        say(library, *wrong)
    with library.read() as session:
        assert len(load_rules(session).all) == len(rules)


def test_rules_are_applied_to_what_is_there_and_taken_back(each_library: Library) -> None:
    with each_library.write() as session:
        one, other = ecs.add_entities(session, 2)
        add_tags(session, [one, other], ["sea"])
        add_tags(session, [one], ["place/italy/rome"])
    with each_library.write() as session:
        recorder = Recorder(session, "tag")
        add_rules(recorder, ALIAS, "sea", ["ocean"])
        add_rules(recorder, IMPLIES, "place/italy", ["italy"])
        assert apply_rules(recorder) == 3
        assert apply_rules(recorder) == 0
    assert (tags(each_library, one), tags(each_library, other)) == (["italy", "ocean", "place/italy/rome"], ["ocean"])
    undo(each_library)
    assert (tags(each_library, one), tags(each_library, other)) == (["place/italy/rome", "sea"], ["sea"])
    with each_library.read() as session:
        assert session.scalars(select(TagRule)).all() == []
    undo(each_library, 4)  # the undo
    with each_library.write() as session:
        assert load_rules(session).resolved("SEA") == "ocean"
        assert len(remove_rules(Recorder(session, "tag"), ALIAS, "Sea")) == 1
        with pytest.raises(NotFoundError):
            remove_rules(Recorder(session, "tag"), IMPLIES, "place/italy", ["elsewhere"])


def test_a_rule_without_a_valid_tag_is_refused(library: Library) -> None:
    with pytest.raises(DamError):
        say(library, IMPLIES, "a//b", "c")
