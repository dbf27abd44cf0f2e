"""Rename and merge tags, with what is below them and the rules about them, and apply rules to what is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.core.errors import ConflictError, NotFoundError, UsageError
from dam.core.folding import folded
from dam.models.tag_component import TagComponent
from dam.models.tag_rule import TagRule
from dam.services.catalogue.tag_hierarchy import is_at_or_below
from dam.services.components.operations import Recorder
from dam.services.tags.names import SEPARATOR, checked_tag
from dam.services.tags.rules import Rule, RuleKind, Rules, load_rules, rule_row
from dam.services.tags.tags import PAGE, write_tags


@dataclass(frozen=True)
class Moved:
    """Tags that were renamed or merged, or in a dry run would be."""

    tags: Sequence[tuple[str, str]]
    """The tags as they were, each with what it is now."""
    assets: int
    """Number of tags of assets that were changed."""


def rename_tag(session: Session, old: str, new: str) -> Moved:
    """Give a tag, and all below it, another name, as one operation.

    Raises:
        NotFoundError: no asset and no rule has the tag, or one below it.
        ConflictError: there is a tag of the new name.
        UsageError: the new name, or that of a tag below, is invalid.

    """
    new = checked_tag(new)
    old = old.strip()
    taken = [tag for tag in _tags_at(session, new) if not _renamed(tag, old, old)]
    if taken:
        raise ConflictError(f"there is a tag {taken[0]!r}: dam-cli tag merge makes one of both")
    return _move(session, old, new)


def merge_tags(session: Session, old: str, new: str) -> Moved:
    """Make one tag of two, and of those below them, as one operation: what has `old` gets `new` instead.

    Of rules, what is about `old` is then about `new`.

    Raises:
        NotFoundError: no asset and no rule has the tag `old`, or one below it.
        UsageError: the names are of one tag, or that of a tag below would be invalid.

    """
    old = old.strip()
    if _is_same(old, checked_tag(new)):
        raise UsageError(f"{old!r} and {new!r} are one tag already: dam-cli tag rename changes how it is spelled")
    return _move(session, old, checked_tag(new))


def apply_rules(recorder: Recorder) -> int:
    """Apply all rules to the tags that are there, as part of an operation; return how many were added or replaced."""
    session = recorder.session
    rules = load_rules(session)
    changed = 0
    for tag in _tags_at(session) if rules.all else ():
        if folded(rules.resolved(tag)) != folded(tag):
            changed += _replace(recorder, tag, rules.resolved(tag))
        elif len(rules.applied(tag)) > 1:
            for ids in _entities_with(session, tag):
                changed += write_tags(recorder, ids, [tag])
    return changed


def _move(session: Session, old: str, new: str) -> Moved:
    recorder, rules = Recorder(session, "tag"), load_rules(session)
    new = rules.resolved(new)
    pairs = [(tag, checked_tag(_renamed(tag, old, new) or tag)) for tag in _tags_at(session, old)]
    if folded(new).startswith(folded(old) + SEPARATOR):
        pairs.reverse()  # from below: `a/b` has gone to `a/b/b` when `a` becomes `a/b`
    touched = _move_rules(recorder, rules, old, new)
    if not pairs and not touched:
        raise NotFoundError(f"the library has no tag {old!r}, and none below it")
    changed = sum(_respell(recorder, *pair) if _is_same(*pair) else _replace(recorder, *pair) for pair in pairs)
    return Moved(pairs, changed)


def _is_same(one: str, other: str) -> bool:
    return folded(one) == folded(other)


def _renamed(tag: str, old: str, new: str) -> str | None:
    """Return what becomes of a tag when another is renamed: None if it is neither that one nor below it."""
    levels, count = tag.split(SEPARATOR), len(old.split(SEPARATOR))
    if folded(SEPARATOR.join(levels[:count])) != folded(old):
        return None
    return SEPARATOR.join([new, *levels[count:]])


def _replace(recorder: Recorder, old: str, new: str) -> int:
    """Replace a tag by another with the rules applied, on all assets; return how many had it."""
    key, replaced = TagComponent.tag_key == folded(old), 0
    for ids in _entities_with(recorder.session, old):
        gone = recorder.delete(TagComponent, key, TagComponent.entity_id.between(ids[0], ids[-1]))
        write_tags(recorder, [row["entity_id"] for row in gone], [new])
        replaced += len(gone)
    return replaced


def _respell(recorder: Recorder, old: str, new: str) -> int:
    key, changed = folded(new), 0
    for ids in _entities_with(recorder.session, old):
        rows = [{"entity_id": entity_id, "tag_key": key, "tag": new} for entity_id in ids]
        changed += len(recorder.put(TagComponent, rows))
    return changed


def _move_rules(recorder: Recorder, rules: Rules, old: str, new: str) -> int:
    """Rename the tags of rules, too; a rule that would say nothing any more, or come back to itself, goes."""
    touched = 0
    kept = Rules(rule for rule in rules.all if not _names(rule, old))
    for rule in (rule for rule in rules.all if _names(rule, old)):
        recorder.delete_keys(TagRule, [rule_row(rule)])
        touched += 1
        tag = rule.tag if rule.kind is RuleKind.ALIAS else _renamed(rule.tag, old, new) or rule.tag
        moved = Rule(rule.kind, tag, _renamed(rule.target, old, new) or rule.target)
        try:
            kept.check(moved)
        except UsageError:
            continue
        recorder.insert(TagRule, [rule_row(moved)])
        kept = Rules([*kept.all, moved])
    return touched


def _names(rule: Rule, tag: str) -> bool:
    """Return whether a rule is about a tag, or one below it; an alias is no tag that an asset could have."""
    names = [rule.target] if rule.kind is RuleKind.ALIAS else [rule.tag, rule.target]
    return any(_renamed(name, tag, tag) for name in names)


def _tags_at(session: Session, base: str | None = None) -> list[str]:
    """Return all tags, or a tag and those below it, by key; of several spellings one."""
    key = TagComponent.tag_key
    wanted = select(func.min(TagComponent.tag)).group_by(key).order_by(key)
    return list(session.scalars(wanted if base is None else wanted.where(is_at_or_below(base))))


def _entities_with(session: Session, tag: str) -> Iterator[list[int]]:
    """Yield the assets with a tag in pages, ascending."""
    last, table = 0, TagComponent
    while True:
        wanted = select(table.entity_id).where(table.tag_key == folded(tag), table.entity_id > last)
        page = list(session.scalars(wanted.order_by(table.entity_id).limit(PAGE)))
        if not page:
            return
        yield page
        last = page[-1]
