"""`dam-cli ls`: the assets that match a query."""

from typing import Annotated

import typer

from dam.commands.shared.completion import complete_query
from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.commands.shared.query_words import QueryCommand
from dam.core.errors import ExitCode, UsageError
from dam.services.query.formats import DEFAULT_FIELDS, Format

app = typer.Typer()


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", autocompletion=complete_query, help="What to look for, see below; default: all assets."
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(metavar="FIELDS", help="Comma-separated fields, -FIELD: descending; default: newest first."),
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=0, help="Maximum number of assets.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Skip this many assets.")] = 0,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to write the assets.")] = Format.TABLE,
    fields: Annotated[
        str | None, typer.Option(metavar="FIELDS", help="Comma-separated fields to write; see doc/query.md.")
    ] = None,
    count: Annotated[bool, typer.Option("--count", help="Write only how many there are.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Write how the query is understood, and its SQL.")] = False,
    json: JsonOption = False,
) -> None:
    """List the assets that match a query.

    Quote a query for the shell as one argument, in single quotes. Words and phrases are looked for in names, tags,
    titles, descriptions and the text of documents; conditions have a field, an operator and a value:

    \b
      kind:image width>=3000            all must hold
      tag:sea or tag:lake               either
      ^tag:draft, -tag:draft, not …     the opposite
      (tag:sea or tag:lake) size:>20MB  parentheses
      taken:2024-05..2024-08            a range; dates: 2024, 2024-05, 2024-05-03, -2w
      camera:X100*  name:/^IMG_\\d+/     a pattern, a regular expression
      tag:a,b                           any of several values
      has:gps none:tag is:duplicate     what an asset has, lacks or is
      similar:cat.jpg near:52.5,13.4,5km
      annual*  "annual report"  @NAME   a prefix, a phrase, a saved query

    --format paths and print0 write the file of each asset in the store, or an unchanged source.
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.render import query as render
    from dam.services.library import open_library
    from dam.services.query import select
    from dam.services.query.results import Shown, read_fields
    from dam.services.query.results import search as find

    if json and form not in (Format.TABLE, Format.JSON):
        raise UsageError("--json and --format cannot be combined")
    query, form = " ".join(words or ()), Format.JSON if json else form
    chosen = read_fields(fields) if fields is not None else list(DEFAULT_FIELDS.get(form, ()))
    shows_paths = form in (Format.PATHS, Format.PRINT0, Format.SHA256SUM)
    with open_library() as library:
        if explain:
            tree, sql = select.explain(library, query)
            render.explanation(str(tree), sql, as_json=json)
            return
        if count:
            found = select.count(library, query)
            render.counted_results(found, as_json=json)
        else:
            shown = Shown(chosen, paths=shows_paths, snippets=form in (Format.TABLE, Format.JSON, Format.JSONL))
            pages = find(library, query, shown, sort=sort, limit=limit, offset=offset)
            found = render.results(pages, form, chosen)
            render.total(found, limit)
    if not found:
        raise typer.Exit(ExitCode.NOT_FOUND)


app.command("ls", cls=QueryCommand, epilog=epilog("dam-cli ls 'kind:image taken:2024 -tag:draft'", ExitCode.NOT_FOUND))(
    search
)
