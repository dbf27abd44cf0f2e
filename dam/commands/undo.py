"""`dam-cli undo`: take an operation back."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import DryRunOption, JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("undo", epilog=epilog("dam-cli undo 17", ExitCode.NOT_FOUND))
def undo(
    operation: Annotated[
        int | None, typer.Argument(metavar="OP", min=1, help="An operation; default: the newest that was not undone.")
    ] = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Undo an operation. To do it again, undo the undo.

    `dam-cli log` lists the operations. If a later one has changed the same, nothing is changed: undo that one first.
    What `trash empty` has removed does not come back.
    """
    from dam.render import journal as render
    from dam.services.journal.undo import undo as run
    from dam.services.library import open_library

    with open_library() as library:
        done = run(library, operation, dry_run=dry_run)
    render.undone(done, as_json=json)
