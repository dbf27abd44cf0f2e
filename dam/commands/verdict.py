"""`dam-cli verdict`: what two assets are to each other, by the user's word."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode
from dam.services.catalogue.verdict import Verdict

app = typer.Typer()


@app.command("verdict", epilog=epilog("dam-cli verdict 42 57 unrelated", *LOOKUP))
def verdict(
    a: Annotated[str, typer.Argument(metavar="A", help="An entity id, a hash or its prefix, or a path.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    word: Annotated[
        Verdict | None, typer.Argument(metavar="duplicate|alternate|unrelated", help="What they are to each other.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the verdict.")] = False,
    json: JsonOption = False,
) -> None:
    """Say what two assets are to each other, whatever their hashes say. Remembered, and respected everywhere.

    A duplicate is one. An alternate is another version worth keeping: similar, but no duplicate. What is unrelated is
    never called similar.
    """
    from dam.render import pairs as render
    from dam.services.catalogue.lookup import find_one_asset
    from dam.services.catalogue.pairs import in_order, put_verdict, remove_verdict
    from dam.services.library import open_library

    if (word is None) != remove:
        raise typer.BadParameter("give either a verdict or --remove")
    with open_library() as library, library.write() as session:
        pair = in_order(find_one_asset(session, a), find_one_asset(session, b))
        if word:
            put_verdict(session, pair, word)
        removed = remove_verdict(session, pair) if remove else None
    render.verdict(pair, word, as_json=json)
    if remove and not removed:
        raise typer.Exit(ExitCode.NOT_FOUND)
