"""What names the assets of a command: references, a query, or ids on stdin."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dam.core.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from dam.services.library import Library

STDIN = "-"

QueryOption = Annotated[
    str | None, typer.Option("--query", metavar="QUERY", help="Assets that match a query; see doc/query.md.")
]

NullIdsOption = Annotated[bool, typer.Option("-0", "--null", help="Ids on stdin end with NUL instead of a newline.")]

AssetsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ASSET", help="Entity ids, hashes or hash prefixes, or paths; - reads ids from stdin."),
]


def read_assets(assets: Iterable[str] | None, *, null: bool = False) -> list[str]:
    """Return references to assets, with the lines of stdin in the place of `-`.

    Raises:
        UsageError: a line of stdin is no id.

    """
    from dam.commands.shared.path_list import read_paths

    found: list[str] = []
    for asset in assets or ():
        if asset != STDIN:
            found.append(asset)
            continue
        for lines in read_paths(STDIN, b"\0" if null else b"\n"):
            wrong = next((line for line in lines if not (line.strip().isascii() and line.strip().isdecimal())), None)
            if wrong is not None:
                raise UsageError(f"stdin: {wrong!r} is no entity id: give those of dam-cli ls --format ids")
            found += (line.strip() for line in lines)
    return found


def chosen_assets(
    library: "Library", assets: Iterable[str] | None, query: str | None, *, null: bool = False
) -> list[str]:
    """Return references to the assets that a command is to take: those named, and those that match a query.

    Raises:
        UsageError: neither is given, or the query has a mistake.
        NotFoundError: no asset matches the query, or stdin has none.

    """
    from dam.services.query.select import find_page

    named = list(assets or ())
    if not named and query is None:
        raise UsageError("give at least one ASSET, - for ids on stdin, or --query")
    found = read_assets(named, null=null)
    if query is not None:
        found += map(str, sorted(find_page(library, query)))
    if not found:
        raise NotFoundError(f"no asset matches {query!r}" if query is not None else "there are no ids on stdin")
    return list(dict.fromkeys(found))
