"""`dam-cli tag`: tags of assets."""

from collections.abc import Callable, Sized
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import AssetArgument, JsonOption
from dam.core.errors import ExitCode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = typer.Typer(name="tag", help="Add, remove and list tags.", no_args_is_help=True)

TagsArgument = Annotated[list[str], typer.Argument(metavar="TAG", help="The tags.")]


@app.command("add", epilog=epilog("dam-cli tag add 42 holiday sea", *LOOKUP))
def add(asset: AssetArgument, tags: TagsArgument, json: JsonOption = False) -> None:
    """Add tags to an asset. Tags that it already has are ignored."""
    from dam.services.tags.tags import add_tags

    _change(asset, tags, add_tags, as_json=json)


@app.command("rm", epilog=epilog("dam-cli tag rm 42 sea", *LOOKUP))
def remove(asset: AssetArgument, tags: TagsArgument, json: JsonOption = False) -> None:
    """Remove tags from an asset. Tags that it does not have are ignored."""
    from dam.services.tags.tags import remove_tags

    _change(asset, tags, remove_tags, as_json=json)


@app.command("ls", epilog=epilog("dam-cli tag ls", *LOOKUP))
def list_tags(
    asset: Annotated[
        str | None, typer.Argument(metavar="ASSET", help="List the tags of this asset; default: all.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the tags of an asset, or all tags with the number of assets that have them."""
    from dam.render import tags as render
    from dam.services.catalogue.lookup import find_one_asset
    from dam.services.library import open_library
    from dam.services.tags.counts import count_tags
    from dam.services.tags.tags import get_tags_for_entity

    found: Sized
    if asset is None:
        with open_library() as library, library.read() as session:
            found = counts = count_tags(session)
        render.tag_counts(counts, as_json=json)
    else:
        with open_library() as library, library.read() as session:
            entity_id = find_one_asset(session, asset)
            found = tags = get_tags_for_entity(session, entity_id)
        render.tags_of(entity_id, tags, as_json=json)
    if not found:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _change(
    asset: str, tags: list[str], change: "Callable[[Session, list[int], list[str]], int]", *, as_json: bool
) -> None:
    from dam.render import tags as render
    from dam.services.catalogue.lookup import find_one_asset, read_reference
    from dam.services.library import open_library
    from dam.services.tags.names import checked_tags
    from dam.services.tags.tags import get_tags_for_entity

    checked = checked_tags(tags)
    with open_library() as library:
        named = read_reference(asset)
        with library.write() as session:
            entity_id = find_one_asset(session, named)
            change(session, [entity_id], checked)
            left = get_tags_for_entity(session, entity_id)
    render.tags_of(entity_id, left, as_json=as_json)
