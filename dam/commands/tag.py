"""`dam-cli tag`: tags of assets."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.asset_words import NullIdsOption, QueryOption, is_one
from dam.commands.shared.completion import complete_tag
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import DryRunOption, JsonOption
from dam.commands.shared.tag_words import TagsOption, named_by
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dam.services.library import Library
    from dam.services.tags.move import Moved
    from dam.services.tags.rules import RuleKind

app = typer.Typer(name="tag", help="Add, remove, list, rename and merge tags.", no_args_is_help=True)

WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ASSET TAG...", help="An asset and tags; with --tag, all are assets; with --query, tags."),
]
RemoveOption = Annotated[bool, typer.Option("--rm", help="Remove the rule, or all about TAG.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Apply all rules also to the tags that are there.")]


@app.command("add", epilog=epilog("dam-cli tag add 42 holiday place/italy/rome", *LOOKUP))
def add(
    words: WordsArgument = None,
    tags: TagsOption = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Add tags to an asset, or to many. Tags that it already has are ignored.

    Slashes make a hierarchy, as in place/italy/rome. Tags that differ only in case are one, spelled as it first was.

    \b
    Ways to say it:
      dam-cli tag add 42 holiday sea               an asset, and tags for it
      dam-cli tag add -t holiday -t sea 42 57      tags for several assets
      dam-cli tag add --query 'kind:image' sea     tags for all that matches
      dam-cli ls --format ids … | dam-cli tag add -t sea -
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.services.tags.names import checked_tag
    from dam.services.tags.tags import add_tags

    _change(words, tags, query, checked_tag, add_tags, null=null, dry_run=dry_run, as_json=json)


@app.command("rm", epilog=epilog("dam-cli tag rm 42 sea", *LOOKUP))
def remove(
    words: WordsArgument = None,
    tags: TagsOption = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Remove tags from an asset, or from many; the ways to say it are those of tag add.

    Tags that it does not have are ignored, and tags below them stay.
    """
    from dam.services.tags.names import written_tag
    from dam.services.tags.tags import remove_tags

    _change(words, tags, query, written_tag, remove_tags, null=null, dry_run=dry_run, as_json=json)


@app.command("ls", epilog=epilog("dam-cli tag ls place", *LOOKUP))
def list_tags(
    asset: Annotated[
        str | None,
        typer.Argument(
            metavar="ASSET|TAG", help="List the tags of this asset, or this tag and those below it; default: all."
        ),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option("-t", "--tag", metavar="TAG", help="List this tag and those below.", autocompletion=complete_tag),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the tags of an asset, or tags with the number of assets that have them.

    A tag with others below it also has the number of assets with it or any of these.
    """
    from dam.render import tags as render
    from dam.services.library import open_library
    from dam.services.tags.counts import count_hierarchy
    from dam.services.tags.tags import get_tags_for_entity

    if asset is not None and tag is not None:
        raise UsageError("give an ASSET or a --tag, not both")
    with open_library() as library, library.read() as session:
        entity_id = None if asset is None else _asset_or_none(session, asset)
        if entity_id is not None:
            tags = get_tags_for_entity(session, entity_id)
        else:
            counts = count_hierarchy(session, asset if tag is None else tag)
    if entity_id is not None:
        render.tags_of(entity_id, tags, as_json=json)
    else:
        render.tag_counts(counts, as_json=json)
    if not (tags if entity_id is not None else counts.of_tag):
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("rename", epilog=epilog("dam-cli tag rename sea ocean", ExitCode.NOT_FOUND))
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The tag.", autocompletion=complete_tag)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Rename a tag on all assets, with the tags below it and the rules about it.

    It also changes how a tag is spelled. dam-cli undo takes it back.
    """
    from dam.services.tags.move import rename_tag

    _move(rename_tag, old, new, dry_run=dry_run, as_json=json)


@app.command("merge", epilog=epilog("dam-cli tag merge sea ocean", ExitCode.NOT_FOUND))
def merge(
    old: Annotated[str, typer.Argument(metavar="A", help="The tag that goes.", autocompletion=complete_tag)],
    new: Annotated[str, typer.Argument(metavar="B", help="The tag that stays.", autocompletion=complete_tag)],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make one tag of two: what has A gets B instead; what is below A goes below B.

    dam-cli undo takes it back.
    """
    from dam.services.tags.move import merge_tags

    _move(merge_tags, old, new, dry_run=dry_run, as_json=json)


@app.command("alias", epilog=epilog("dam-cli tag alias sea ocean", ExitCode.NOT_FOUND))
def alias(
    tag: Annotated[str | None, typer.Argument(metavar="TAG", help="The other name; default: list all.")] = None,
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="The tag.", autocompletion=complete_tag)
    ] = None,
    remove_: RemoveOption = False,
    apply: ApplyOption = False,
    json: JsonOption = False,
) -> None:
    """Let a tag be another name of a tag: adding it adds TARGET instead. Without arguments, list the aliases."""
    from dam.services.tags.rules import RuleKind

    targets = [] if target is None else [target]
    _rules(RuleKind.ALIAS, tag, targets, remove=remove_, apply=apply, as_json=json)


@app.command("imply", epilog=epilog("dam-cli tag imply place/italy italy europe", ExitCode.NOT_FOUND))
def imply(
    tag: Annotated[
        str | None, typer.Argument(metavar="TAG", help="The tag; default: list all.", autocompletion=complete_tag)
    ] = None,
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="IMPLIED", help="What is added with it.", autocompletion=complete_tag)
    ] = None,
    remove_: RemoveOption = False,
    apply: ApplyOption = False,
    json: JsonOption = False,
) -> None:
    """Let a tag, and those below it, imply others: adding it adds these. Without arguments, list what tags imply."""
    from dam.services.tags.rules import RuleKind

    _rules(RuleKind.IMPLIES, tag, targets or [], remove=remove_, apply=apply, as_json=json)


def _change(
    words: Iterable[str] | None,
    tags: list[str] | None,
    query: str | None,
    check: Callable[[str], object],
    change: "Callable[[Session, Sequence[int], Iterable[str]], int]",
    *,
    null: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    from dam.commands.shared.asset_words import chosen_assets
    from dam.render import tags as render
    from dam.services.library import open_library
    from dam.services.tags.tags import get_tags_for_entity

    assets, named = _told_apart(list(words or ()), named_by(tags), query)
    if not tags:
        _refuse_files(named)
    for tag in named:
        check(tag)
    with open_library() as library:
        if not tags:
            with library.read() as session:
                _refuse_assets(session, named)
        ids = chosen_assets(library, assets, query, null=null)
        with library.write() as session:
            changed = change(session, ids, named)
            left = get_tags_for_entity(session, ids[0]) if is_one(assets, query) else []
            if dry_run:
                session.rollback()
    if is_one(assets, query):
        render.tags_of(ids[0], left, as_json=as_json)
    else:
        render.changed(len(ids), changed, dry_run=dry_run, as_json=as_json)


def _told_apart(words: list[str], tags: list[str], query: str | None) -> tuple[list[str], list[str]]:
    """Return which of some words are assets, and the tags.

    Raises:
        UsageError: there is no asset, or no tag.

    """
    if tags:
        assets, named = words, tags
    elif query is not None:
        assets, named = [], words
    else:
        assets, named = words[:1], words[1:]
    if not named or not (assets or query is not None):
        raise UsageError("give an ASSET and at least one TAG, or --tag TAG and any number of ASSETs, or --query")
    return assets, named


def _refuse_files(tags: Iterable[str]) -> None:
    """Make sure that no tag is meant as a file.

    Raises:
        UsageError: one is the path of a file.

    """
    for tag in tags:
        if os.path.isfile(tag):
            raise _unclear(tag)


def _refuse_assets(session: "Session", tags: Iterable[str]) -> None:
    """Make sure that no tag is meant as an asset.

    Raises:
        UsageError: one is the id or a hash of an asset, or a path that one came from.

    """
    from dam.services.catalogue.lookup import find_by_id_or_hash, find_by_source

    for tag in tags:
        if find_by_id_or_hash(session, tag, with_trash=True) or find_by_source(session, tag, with_trash=True):
            raise _unclear(tag)


def _unclear(tag: str) -> UsageError:
    return UsageError(
        f"{tag!r} could be a tag or an asset. If it is an asset, name the tags with --tag: "
        f"--tag TAG ASSET {tag}; if it is a tag: --tag {tag} ASSET"
    )


def _asset_or_none(session: "Session", reference: str) -> int | None:
    """Return the asset that a word means; None if there is none, but a tag of that name, or one below it.

    Raises:
        NotFoundError: there is neither.

    """
    from dam.core.errors import NotFoundError
    from dam.services.catalogue.lookup import find_one_asset
    from dam.services.tags.counts import count_tags

    try:
        return find_one_asset(session, reference)
    except NotFoundError as exc:
        if not count_tags(session, reference):
            raise NotFoundError(f"{exc}, and no tag of that name") from exc
        return None


def _move(move: "Callable[[Session, str, str], Moved]", old: str, new: str, *, dry_run: bool, as_json: bool) -> None:
    from dam.render import tags as render
    from dam.services.library import open_library

    with open_library() as library, library.write() as session:
        moved = move(session, old, new)
        if dry_run:
            session.rollback()
    render.moved(moved, dry_run=dry_run, as_json=as_json)


def _rules(kind: "RuleKind", tag: str | None, targets: list[str], *, remove: bool, apply: bool, as_json: bool) -> None:
    from dam.render import tags as render
    from dam.services.library import open_library
    from dam.services.tags.rules import load_rules

    if remove and (tag is None or apply):
        raise UsageError("--rm needs the TAG of the rule, and goes without --apply")
    if tag is not None and not targets and not remove:
        raise UsageError(f"say what {tag!r} stands for or implies, or --rm")
    with open_library() as library:
        if tag is not None or apply:
            _change_rules(library, kind, tag, targets, remove=remove, apply=apply)
        with library.read() as session:
            rules = [rule for rule in load_rules(session).all if rule.kind is kind]
    render.rules(rules, as_json=as_json)
    if not rules and tag is None and not apply:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _change_rules(
    library: "Library", kind: "RuleKind", tag: str | None, targets: list[str], *, remove: bool, apply: bool
) -> None:
    from dam.services.components.operations import Recorder
    from dam.services.tags.move import apply_rules
    from dam.services.tags.rules import add_rules, remove_rules

    with library.write() as session:
        recorder = Recorder(session, "tag")
        if tag is not None and remove:
            remove_rules(recorder, kind, tag, targets)
        elif tag is not None:
            add_rules(recorder, kind, tag, targets)
        if apply:
            apply_rules(recorder)
