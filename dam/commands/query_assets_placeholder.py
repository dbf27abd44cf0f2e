"""`dam-cli query-assets-placeholder`: the name that `dam-cli ls` had before there were queries."""

import typer

from dam.commands.ls import search
from dam.commands.shared.help_text import epilog
from dam.commands.shared.query_words import QueryCommand
from dam.core.errors import ExitCode

app = typer.Typer()
app.command(
    "query-assets-placeholder",
    cls=QueryCommand,
    hidden=True,
    epilog=epilog("dam-cli query-assets-placeholder kind:image", ExitCode.NOT_FOUND),
)(search)
