"""Tags on stdout."""

from collections.abc import Sequence
from dataclasses import asdict

from dam.core.folding import folded
from dam.render.json_output import write_document
from dam.render.text import counted, line, safe
from dam.services.tags.counts import TagCounts
from dam.services.tags.move import Moved
from dam.services.tags.rules import Rule, RuleKind


def tags_of(entity_id: int, tags: Sequence[str], *, as_json: bool) -> None:
    """Write the tags of an asset."""
    if as_json:
        write_document(entity_id=entity_id, tags=tags)
        return
    for tag in tags:
        line(safe(tag))


def tag_counts(counts: TagCounts, *, as_json: bool) -> None:
    """Write tags with the number of assets that have each, and that have it or one below it."""
    if as_json:
        write_document(tags=counts.of_tag, with_below=counts.with_below)
        return
    for tag in sorted({**counts.of_tag, **counts.with_below}, key=folded):
        below = counts.with_below.get(tag)
        more = "" if below is None else f"  ({below:,} with those below)"
        line(f"{counts.of_tag.get(tag, 0):>7}  {safe(tag)}{more}")


def changed(assets: int, tags: int, *, dry_run: bool, as_json: bool) -> None:
    """Write how many tags of assets were added or removed."""
    if as_json:
        write_document(assets=assets, changed=tags, dry_run=dry_run)
        return
    would = "would change" if dry_run else "changed"
    line(f"{would} {counted(tags, 'tag')} of {counted(assets, 'asset')}")


def moved(moved: Moved, *, dry_run: bool, as_json: bool) -> None:
    """Write which tags were renamed or merged."""
    if as_json:
        tags = [{"old": old, "new": new} for old, new in moved.tags]
        write_document(tags=tags, changed=moved.assets, dry_run=dry_run)
        return
    for old, new in moved.tags:
        line(f"{safe(old)} -> {safe(new)}")
    would = "would change" if dry_run else "changed"
    line(f"{would} {counted(moved.assets, 'tag')} of assets")


def rules(rules: Sequence[Rule], *, as_json: bool) -> None:
    """Write rules about tags."""
    if as_json:
        write_document(rules=[asdict(rule) for rule in rules])
        return
    for rule in rules:
        does = "is another name of" if rule.kind is RuleKind.ALIAS else "implies"
        line(f"{safe(rule.tag)} {does} {safe(rule.target)}")
