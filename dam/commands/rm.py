"""`dam-cli rm`: put assets in the trash."""

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import DryRunOption, JsonOption, YesOption

app = typer.Typer()


@app.command("rm", epilog=epilog("dam-cli rm 42 photo.jpg --yes", *LOOKUP))
def rm(
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Put assets in the trash. Files outside the store are not touched.

    An asset in the trash is in no search, no duplicates, no links and no counts; `show` still shows it. Its content
    stays in the store until `dam-cli trash empty`. `dam-cli trash restore` or `dam-cli undo` brings it back, and so
    does `add-asset` of a file at a new path with its content.
    """
    from dam.commands.shared.confirm import confirm
    from dam.render import trash as render
    from dam.services.journal.trash import Moved, describe_assets, remove
    from dam.services.library import open_library

    with open_library() as library:
        found = describe_assets(library, chosen_assets(library, assets, query, null=null))
        if not dry_run:
            confirm(f"Put {render.counted_assets(found)} in the trash?", yes=yes)
        moved = Moved(found, None) if dry_run else remove(library, found)
    render.moved(moved, "put in the trash", dry_run=dry_run, as_json=json)
