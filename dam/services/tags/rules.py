"""Rules of the user about tags: aliases, and what a tag implies. They are applied when a tag is added."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UsageError
from dam.core.folding import folded
from dam.models.tag_rule import TagRule
from dam.services.components.operations import Recorder
from dam.services.tags.names import SEPARATOR, checked_tag


class RuleKind(StrEnum):
    """What a rule says of its tag."""

    ALIAS = "alias"
    IMPLIES = "implies"


@dataclass(frozen=True)
class Rule:
    """`target` is added instead of `tag`, or besides it and every tag below it."""

    kind: RuleKind
    tag: str
    target: str


class Rules:
    """All rules, as the tags that are added because of a tag."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.all = list(rules)
        self._aliases = {folded(rule.tag): rule.target for rule in self.all if rule.kind is RuleKind.ALIAS}
        self._implied: dict[str, list[str]] = defaultdict(list)
        for rule in self.all:
            if rule.kind is RuleKind.IMPLIES:
                self._implied[folded(rule.tag)].append(rule.target)

    def resolved(self, tag: str) -> str:
        """Return the tag that is added instead of a tag: the one that it is an alias of, or itself."""
        seen = {folded(tag)}
        while (target := self._aliases.get(folded(tag))) is not None and folded(target) not in seen:
            seen.add(folded(target))
            tag = target
        return tag

    def applied(self, tag: str) -> list[str]:
        """Return the tags that are added with a tag: the one it is an alias of, and what that implies, transitively."""
        added = {folded(first := self.resolved(tag)): first}
        waiting = [first]
        while waiting:
            for target in self._implied_by(waiting.pop()):
                one = self.resolved(target)
                if folded(one) not in added:
                    added[folded(one)] = one
                    waiting.append(one)
        return list(added.values())

    def _implied_by(self, tag: str) -> Iterator[str]:
        """Yield what a tag, and each tag above it, implies."""
        for key in (folded(tag), *above(folded(tag))):
            yield from self._implied.get(key, ())

    def check(self, rule: Rule) -> None:
        """Make sure that a rule leads to no cycle. What is above a tag counts as implied by it.

        Raises:
            UsageError: it would, or the tag is an alias already.

        """
        key = folded(rule.tag)
        there = self._aliases.get(key)
        if rule.kind is RuleKind.ALIAS and there is not None and folded(there) != folded(rule.target):
            raise UsageError(f"{rule.tag!r} is an alias of {there!r} already: dam-cli tag alias --rm {rule.tag!r}")
        reached = {folded(tag) for tag in [rule.target, *self.applied(rule.target)]}
        if rule.kind is RuleKind.IMPLIES:
            reached |= {name for tag in reached for name in above(tag)}
        if key in reached:
            raise UsageError(f"{rule.tag!r} and {rule.target!r}: with the other rules, each would lead to the other")


def above(tag: str) -> list[str]:
    """Return the tags above a tag, the nearest first: `place/italy` and `place` for `place/italy/rome`."""
    levels = tag.split(SEPARATOR)
    return [SEPARATOR.join(levels[:count]) for count in range(len(levels) - 1, 0, -1)]


def load_rules(session: Session) -> Rules:
    """Return all rules, sorted by tag."""
    table = TagRule
    rows = session.execute(select(table.kind, table.tag, table.target).order_by(table.tag_key, table.target_key))
    return Rules(Rule(RuleKind(kind), tag, target) for kind, tag, target in rows)


def add_rules(recorder: Recorder, kind: RuleKind, tag: str, targets: Iterable[str]) -> list[Rule]:
    """Add rules about a tag, as part of an operation; return those that are new.

    Raises:
        UsageError: a tag is invalid, or a rule would lead to a cycle.

    """
    _lock(recorder.session)
    rules = load_rules(recorder.session)
    added: list[Rule] = []
    for target in targets:
        about = checked_tag(tag) if kind is RuleKind.ALIAS else rules.resolved(checked_tag(tag))
        rule = Rule(kind, about, checked_tag(target))
        if not any(rule_key(each) == rule_key(rule) for each in rules.all):
            rules.check(rule)
            recorder.insert(TagRule, [rule_row(rule)])
            added.append(rule)
            rules = Rules([*rules.all, rule])
    return added


def remove_rules(recorder: Recorder, kind: RuleKind, tag: str, targets: Iterable[str] = ()) -> list[Rule]:
    """Remove the rules of a kind about a tag, or only those with some targets; return them.

    Raises:
        NotFoundError: there is none.

    """
    key, only = folded(tag.strip()), {folded(target.strip()) for target in targets}
    gone = [
        rule
        for rule in load_rules(recorder.session).all
        if (rule.kind, folded(rule.tag)) == (kind, key) and (not only or folded(rule.target) in only)
    ]
    if not gone:
        raise NotFoundError(f"there is no such rule about {tag!r}: see dam-cli tag alias, dam-cli tag imply")
    recorder.delete_keys(TagRule, [rule_row(rule) for rule in gone])
    return gone


def rule_key(rule: Rule) -> tuple[str, str, str]:
    """Return what identifies a rule."""
    return rule.kind, folded(rule.tag), folded(rule.target)


def rule_row(rule: Rule) -> dict[str, Any]:
    """Return the row of a rule."""
    return {
        "kind": rule.kind.value,
        "tag": rule.tag,
        "tag_key": folded(rule.tag),
        "target": rule.target,
        "target_key": folded(rule.target),
    }


def _lock(session: Session) -> None:
    """Let no other transaction change rules meanwhile: two that are right alone could make a cycle together."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE tag_rules IN SHARE ROW EXCLUSIVE MODE"))
