"""`dam-cli trash`: list, restore and remove for good what is in the trash."""

from typing import Annotated

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import DryRunOption, JsonOption, YesOption
from dam.core.errors import ExitCode

app = typer.Typer(name="trash", help="List, restore and empty the trash.", no_args_is_help=True)


@app.command("ls", epilog=epilog("dam-cli trash ls", ExitCode.NOT_FOUND))
def list_trash(json: JsonOption = False) -> None:
    """List the assets in the trash, by when they came there."""
    from dam.render import trash as render
    from dam.services.journal.trash import in_trash
    from dam.services.library import open_library

    with open_library() as library:
        count = render.trash(in_trash(library), as_json=json)
    if not count:
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("restore", epilog=epilog("dam-cli trash restore 42", *LOOKUP))
def restore(
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Take assets out of the trash, with everything that they had."""
    from dam.render import trash as render
    from dam.services.journal.trash import Moved, describe_assets
    from dam.services.journal.trash import restore as take_out
    from dam.services.library import open_library

    with open_library() as library:
        ids = chosen_assets(library, assets, query, null=null, in_trash=True)
        found = describe_assets(library, ids)
        moved = Moved(found, None) if dry_run else take_out(library, found)
    render.moved(moved, "restored", dry_run=dry_run, as_json=json)


@app.command("empty", epilog=epilog("dam-cli trash empty --older-than 30d --dry-run", ExitCode.INPUTS_FAILED))
def empty(
    older_than: Annotated[
        str, typer.Option(metavar="TIME", help="Only what has been in the trash this long, such as 30d or 12h.")
    ] = "0s",
    last_copies: Annotated[
        bool, typer.Option("--last-copies", help="Remove assets of which there is no other copy, too.")
    ] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Remove the assets in the trash for good, with their content in the store. This cannot be undone.

    An asset of which no mirror and no source has a copy, which is read, stays there, and the exit code is 3: see
    --last-copies. The journal keeps what the others were and what you said of them. While an ingest runs, their content
    stays in the store until `dam-cli gc`.
    """
    from dam.commands.shared.amounts import seconds
    from dam.commands.shared.confirm import confirm
    from dam.render import trash as render
    from dam.services.journal.empty import empty_trash, plan_purge
    from dam.services.library import open_library

    age = seconds(older_than, "--older-than")
    with open_library() as library:
        plan = plan_purge(library, age, last_copies=last_copies, content=not dry_run)
        if plan.entity_ids and not dry_run:
            confirm(render.question(plan), yes=yes)
        emptied = None if dry_run else empty_trash(library, plan)
    render.emptied(plan, emptied, as_json=json)
    if plan.kept and not dry_run:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
