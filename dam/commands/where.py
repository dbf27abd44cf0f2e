"""`dam-cli where`: the paths of assets."""

from typing import Annotated

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode, UsageError

app = typer.Typer()


@app.command("where", epilog=epilog("dam-cli where 42", *LOOKUP))
def where(
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    print0: Annotated[bool, typer.Option("--print0", help="End each path with NUL instead of a newline.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the paths that hold the content of assets now: in the store, in mirrors, then the sources.

    A source with another modification time than recorded is read. Places that do not hold it any more are named on
    stderr. Exit code 1 means that an asset is nowhere.
    """
    from dam.render import where as render
    from dam.render.text import note, safe
    from dam.services.catalogue.whereabouts import whereabouts
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import open_mirrors

    if json and print0:
        raise UsageError("--json and --print0 cannot be combined")
    nowhere = False
    with open_library() as library:
        mirrors, unreachable = open_mirrors(library)
        for mirror, error in unreachable:
            note(f"dam-cli: the mirror {mirror.name} cannot be looked at: {safe(str(error))}")
        ids = chosen_assets(library, assets, query, null=null)
        for found in whereabouts(library, ids, [mirror.store for mirror in mirrors]):
            render.where(found, as_json=json, print0=print0)
            nowhere = nowhere or all(place.problem for place in found.places)
    if nowhere:
        raise typer.Exit(ExitCode.NOT_FOUND)
