"""`dam-cli show`: what the library knows of assets."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()

STDIN = "-"


@app.command("show", epilog=epilog("dam-cli show photo.jpg", *LOOKUP))
def show(
    assets: Annotated[
        list[str],
        typer.Argument(metavar="ASSET", help="Entity ids, hashes or hash prefixes, or paths; - reads them from stdin."),
    ],
    everything: Annotated[bool, typer.Option("--all", "-a", help="Show every component with all values.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what the library knows about assets.

    Each place that an asset came from is looked at now: a path that no longer exists is marked `gone`, and a file with
    another size or modification time `changed since`. What you have said stands before what the file says.
    """
    from dam.core.errors import NotFoundError
    from dam.render.errors import error
    from dam.render.show import show as render
    from dam.render.text import line
    from dam.services.catalogue.overview import overview
    from dam.services.library import open_library

    missing = 0
    with open_library() as library:
        for number, asset in enumerate(_references(assets)):
            try:
                found = overview(library, asset)
            except NotFoundError as exc:
                if assets == [asset]:
                    raise
                missing += 1
                error(str(exc), exc.exit_code)
                continue
            if number and not json:
                line()
            render(found, everything=everything, as_json=json)
    if missing:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _references(assets: Iterable[str]) -> Iterator[str]:
    from dam.commands.shared.path_list import read_paths

    for asset in assets:
        if asset != STDIN:
            yield asset
            continue
        for some in read_paths(STDIN, b"\n"):
            yield from some
