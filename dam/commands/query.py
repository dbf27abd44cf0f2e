"""`dam-cli query`: search, and keep queries under names."""

from typing import Annotated, Any

import typer

from dam.commands.ls import search
from dam.commands.shared.help_group import HelpGroup
from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.commands.shared.query_words import QueryCommand
from dam.core.errors import ExitCode

DEFAULT = "find"


class QueryGroup(HelpGroup):
    """A group whose first word may also be that of a query."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take words that are no command as a query."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="query",
    cls=QueryGroup,
    help="Find assets by a query, as `dam-cli ls QUERY` does, and keep queries under names.",
)
app.command(DEFAULT, cls=QueryCommand, epilog=epilog("dam-cli query find 'kind:image tag:sea'", ExitCode.NOT_FOUND))(
    search
)


@app.command("save", cls=QueryCommand, epilog=epilog("dam-cli query save holiday 'taken:2024-07 tag:sea'"))
def save(
    words: Annotated[list[str], typer.Argument(metavar="NAME QUERY", help="The name, and the words of the query.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace the query that has this name.")] = False,
    json: JsonOption = False,
) -> None:
    """Keep a query under a name. `@NAME` in another query stands for it."""
    from dam.core.errors import UsageError
    from dam.render import query as render
    from dam.services.library import open_library
    from dam.services.query import saved

    name, query = words[0].removeprefix("@"), " ".join(words[1:])
    if not query.strip():
        raise UsageError(f"give the words of the query after its name: dam-cli query save {name} QUERY")
    with open_library() as library:
        kept = library.write_again(lambda session: saved.save(session, name, query, replace=replace))
    render.saved_queries([kept], as_json=json)


@app.command("ls", epilog=epilog("dam-cli query ls", ExitCode.NOT_FOUND))
def list_saved(json: JsonOption = False) -> None:
    """List the saved queries."""
    from dam.render import query as render
    from dam.services.library import open_library
    from dam.services.query import saved

    with open_library() as library, library.read() as session:
        found = saved.saved_queries(session)
    render.saved_queries(found, as_json=json)
    if not found:
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("rm", epilog=epilog("dam-cli query rm holiday", ExitCode.NOT_FOUND))
def remove(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="The names of saved queries.")],
    json: JsonOption = False,
) -> None:
    """Remove saved queries. `dam-cli undo` brings them back."""
    from dam.render import query as render
    from dam.services.library import open_library
    from dam.services.query import saved

    chosen = [name.removeprefix("@") for name in names]
    with open_library() as library:
        removed = library.write_again(lambda session: saved.remove(session, chosen))
    render.saved_queries(removed, as_json=json)
