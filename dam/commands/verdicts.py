"""`dam-cli verdicts`: list the verdicts on pairs of assets."""

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("verdicts", epilog=epilog("dam-cli verdicts", ExitCode.NOT_FOUND))
def verdicts(json: JsonOption = False) -> None:
    """List all verdicts."""
    from dam.render import pairs as render
    from dam.services.catalogue.pairs import all_verdicts
    from dam.services.library import open_library

    with open_library() as library, library.read() as session:
        count = render.verdicts(all_verdicts(session), as_json=json)
    if not count:
        raise typer.Exit(ExitCode.NOT_FOUND)
