"""`dam-cli info`: where the library is and what it holds."""

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption

app = typer.Typer()


@app.command("info", epilog=epilog("dam-cli info --json"))
def info(json: JsonOption = False) -> None:
    """Show where the library is, what it holds, and the versions in use."""
    from dam.render import library as render
    from dam.services.info import describe
    from dam.services.library import open_library

    with open_library() as library:
        render.info(describe(library), as_json=json)
