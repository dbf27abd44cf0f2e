"""`dam-cli log`: the journal of operations."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("log", epilog=epilog("dam-cli log --asset photo.jpg --since 2026-11", *LOOKUP))
def log(
    operation: Annotated[
        int | None, typer.Argument(metavar="OP", min=1, help="Show the changes of this operation.")
    ] = None,
    asset: Annotated[
        str | None, typer.Option(metavar="ASSET", help="Only operations on this asset: an id, hash or path.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="From this year, month, day or time (UTC), such as 2026-11.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Up to and including this one.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only this kind, such as tag, verdict, import, rm or undo.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of operations.")] = None,
    json: JsonOption = False,
) -> None:
    """List what was said, removed and taken back, newest first; or show the changes of one operation."""
    from dam.render import journal as render
    from dam.services.journal.log import LogFilter, changes_of, find_logged, operation_entity
    from dam.services.journal.log import log as run
    from dam.services.journal.period import read_period
    from dam.services.library import open_library

    if operation is not None and (asset or since or until or kind or limit):
        raise typer.BadParameter("OP cannot be combined with --asset, --since, --until, --kind or --limit")
    begin = read_period(since, "--since").begin if since else None
    end = read_period(until, "--until").end if until else None
    with open_library() as library:
        if operation is not None:
            render.changes(find_logged(library, operation), changes_of(library, operation), as_json=json)
            return
        wanted = LogFilter(operation_entity(library, asset) if asset else None, begin, end, kind)
        count = render.operations(run(library, wanted, limit), as_json=json)
    if not count:
        raise typer.Exit(ExitCode.NOT_FOUND)
