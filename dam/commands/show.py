"""`dam-cli show`: what the library knows of assets."""

from typing import Annotated

import typer

from dam.commands.shared.asset_words import STDIN, AssetsArgument, NullIdsOption, QueryOption
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("show", epilog=epilog("dam-cli show photo.jpg", *LOOKUP))
def show(
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Show every component with all values.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what the library knows about assets.

    Each place that an asset came from is looked at now: a path that no longer exists is marked `gone`, and a file with
    another size or modification time `changed since`. What you have said stands before what the file says.
    """
    from dam.commands.shared.asset_words import chosen_assets
    from dam.core.errors import NotFoundError
    from dam.render.errors import error
    from dam.render.show import show as render
    from dam.render.text import line
    from dam.services.catalogue.overview import overview
    from dam.services.library import open_library

    if not assets and query is None:
        raise typer.BadParameter("give at least one ASSET, - for ids on stdin, or --query")
    missing = 0
    with open_library() as library:
        chosen = [asset for asset in assets or () if asset != STDIN]  # one that is not found does not hide the others
        if query is not None or STDIN in (assets or ()):
            chosen += map(str, chosen_assets(library, [STDIN] if STDIN in (assets or ()) else None, query, null=null))
        for number, asset in enumerate(chosen):
            try:
                found = overview(library, asset)
            except NotFoundError as exc:
                if chosen == [asset]:
                    raise
                missing += 1
                error(str(exc), exc.exit_code)
                continue
            if number and not json:
                line()
            render(found, everything=everything, as_json=json)
    if missing:
        raise typer.Exit(ExitCode.NOT_FOUND)
