"""`dam-cli library`: the whole database as JSON Lines."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption

app = typer.Typer(name="library", help="Export and import the whole database.", no_args_is_help=True)


@app.command("export", epilog=epilog("dam-cli library export library.jsonl"))
def export(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A new file; - writes to stdout.")] = "-",
    json: JsonOption = False,
) -> None:
    """Export every row of every table as JSON Lines: see doc/json.md.

    Others can write meanwhile: the export has the state at its begin. It has no blobs: copy the store, too. `library
    import` makes the same library of it, also in another kind of database.
    """
    from dam.render import transfer as render
    from dam.services.library import open_library
    from dam.services.transfer.export import export as lines_of

    with open_library() as library:
        render.export(lines_of(library), file, as_json=json)


@app.command("import", epilog=epilog("dam-cli library import library.jsonl"))
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="An export; - reads stdin.")],
    json: JsonOption = False,
) -> None:
    """Import an export into an empty or new library: all of it, or nothing.

    The library gets the id of the exported one, and so belongs to a store of that id.
    """
    from dam.commands.shared.path_list import open_input
    from dam.render import transfer as render
    from dam.services.transfer.importing import import_library

    with open_input(file) as lines:
        imported = import_library(lines)
    render.imported(imported, as_json=json)
