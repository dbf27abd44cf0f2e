"""`dam-cli collection`: named lists of assets, in an order of the user's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import DryRunOption, JsonOption
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = typer.Typer(name="collection", help="Keep assets in named, ordered collections.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of the collection.")]


@app.command("add", epilog=epilog("dam-cli collection add 'Best of 2026' 42 57", *LOOKUP))
def add(
    name: NameArgument,
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Add assets at the end of a collection, which is made if there is none of that name."""
    from dam.services.user_data.collections import add_to_collection

    _change(name, add_to_collection, assets, query, null=null, dry_run=dry_run, as_json=json)


@app.command("rm", epilog=epilog("dam-cli collection rm 'Best of 2026' 57", *LOOKUP))
def remove(
    name: NameArgument,
    assets: AssetsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove all, and so the collection.")] = False,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Remove assets from a collection; they stay in the library. dam-cli undo takes it back."""
    from dam.services.user_data.collections import remove_from_collection

    if everything and (assets or query is not None):
        raise UsageError("give --all or the assets, not both")
    if everything:
        _write(name, lambda session: remove_from_collection(session, name), dry_run=dry_run, as_json=json)
    else:
        _change(name, remove_from_collection, assets, query, null=null, dry_run=dry_run, as_json=json)


@app.command("ls", epilog=epilog("dam-cli collection ls", ExitCode.NOT_FOUND))
def list_collections(json: JsonOption = False) -> None:
    """List the collections with the number of their assets."""
    from dam.render import user_data as render
    from dam.services.library import open_library
    from dam.services.user_data.collections import all_collections

    with open_library() as library, library.read() as session:
        found = all_collections(session)
    render.collections(found, as_json=json)
    if not found:
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("show", epilog=epilog("dam-cli collection show 'Best of 2026'", ExitCode.NOT_FOUND))
def show(name: NameArgument, json: JsonOption = False) -> None:
    """List the assets of a collection, in their order."""
    from dam.render import user_data as render
    from dam.services.library import open_library
    from dam.services.user_data.collections import members, spelling, with_filenames

    with open_library() as library, library.read() as session:
        found, spelled = with_filenames(session, members(session, name)), spelling(session, name)
    render.collection(spelled, found, as_json=json)


@app.command("move", epilog=epilog("dam-cli collection move 'Best of 2026' 57 --before 42", *LOOKUP))
def move(
    name: NameArgument,
    assets: AssetsArgument = None,
    before: Annotated[str | None, typer.Option(metavar="ASSET", help="Put them before this asset.")] = None,
    last: Annotated[bool, typer.Option("--last", help="Put them at the end.")] = False,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Put assets of a collection elsewhere in its order: they follow each other as they are given."""
    from dam.services.catalogue.lookup import find_one_asset, read_reference
    from dam.services.library import open_library
    from dam.services.user_data.collections import move_in_collection

    if (before is None) != last:
        raise UsageError("give either --before ASSET or --last")
    with open_library() as library:
        ids = chosen_assets(library, assets, None, null=null)
        place = None if before is None else read_reference(before)
        with library.write() as session:
            goal = None if place is None else find_one_asset(session, place)
            changed = move_in_collection(session, name, ids, before=goal)
            if dry_run:
                session.rollback()
    _tell(name, changed, dry_run=dry_run, as_json=json)


@app.command("rename", epilog=epilog("dam-cli collection rename 'Best of 2026' 'Calendar'", ExitCode.NOT_FOUND))
def rename(
    name: NameArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Give a collection another name."""
    from dam.services.user_data.collections import rename_collection

    _write(new, lambda session: rename_collection(session, name, new), dry_run=dry_run, as_json=json)


def _change(
    name: str,
    change: "Callable[[Session, str, list[int]], int]",
    assets: list[str] | None,
    query: str | None,
    *,
    null: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    from dam.services.library import open_library
    from dam.services.user_data.collections import checked_name

    checked = checked_name(name)
    with open_library() as library:
        ids = chosen_assets(library, assets, query, null=null)
        with library.write() as session:
            changed = change(session, checked, ids)
            if dry_run:
                session.rollback()
    _tell(checked, changed, dry_run=dry_run, as_json=as_json)


def _write(name: str, change: "Callable[[Session], int]", *, dry_run: bool, as_json: bool) -> None:
    from dam.services.library import open_library

    with open_library() as library, library.write() as session:
        changed = change(session)
        if dry_run:
            session.rollback()
    _tell(name, changed, dry_run=dry_run, as_json=as_json)


def _tell(name: str, changed: int, *, dry_run: bool, as_json: bool) -> None:
    from dam.render import user_data as render

    render.collected(name, changed, dry_run=dry_run, as_json=as_json)
