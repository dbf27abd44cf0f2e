"""What names the assets of a command: references, a query, or ids on stdin."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dam.core.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from dam.services.library import Library

STDIN = "-"
MAX_DIGITS = 18

QueryOption = Annotated[
    str | None, typer.Option("--query", metavar="QUERY", help="Take the assets that match a query; see dam-cli ls.")
]

NullIdsOption = Annotated[bool, typer.Option("-0", "--null", help="Ids on stdin end with NUL instead of a newline.")]

AssetsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="ASSET", help="Entity ids, hashes or hash prefixes, or paths; - reads ids from stdin."),
]


def chosen_assets(
    library: "Library",
    assets: Iterable[str] | None,
    query: str | None,
    *,
    null: bool = False,
    in_trash: bool = False,
) -> list[int]:
    """Return the assets that a command is to take: those named, on stdin for `-`, and those that match a query.

    Raises:
        UsageError: neither is given, the query has a mistake, or what is on stdin is no id.
        NotFoundError: there is no such asset, none that matches, or nothing on stdin.

    """
    from dam.services.query.choice import choose

    named = list(assets or ())
    if not named and query is None:
        raise UsageError("give at least one ASSET, - for ids on stdin, or --query")
    ids = read_ids(null=null) if STDIN in named else []
    if named == [STDIN] and not ids and query is None:
        raise NotFoundError("there are no ids on stdin")
    return choose(library, (each for each in named if each != STDIN), ids, query, in_trash=in_trash)


def is_one(assets: Iterable[str] | None, query: str | None) -> bool:
    """Return whether the words name one asset, and not as many as there may be."""
    named = list(assets or ())
    return query is None and len(named) == 1 and named != [STDIN]


def read_ids(*, null: bool = False) -> list[int]:
    """Return the ids on stdin, one a line, or each ending with NUL.

    Raises:
        UsageError: a line is no id.

    """
    from dam.commands.shared.path_list import read_paths

    lines = (line.strip() for some in read_paths(STDIN, b"\0" if null else b"\n") for line in some)
    found = []
    for line in filter(None, lines):
        if not (line.isascii() and line.isdecimal() and len(line) <= MAX_DIGITS):
            raise UsageError(f"stdin: {line!r} is no entity id: give those of dam-cli ls --format ids")
        found.append(int(line))
    return found
