"""`dam-cli verdict`: record how two assets are related."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode
from dam.services.catalogue.verdict import Verdict

app = typer.Typer()


@app.command("verdict", epilog=epilog("dam-cli verdict 42 57 unrelated", *LOOKUP))
def verdict(
    a: Annotated[str, typer.Argument(metavar="A", help="An entity id, a hash or hash prefix, or a path.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    word: Annotated[
        Verdict | None, typer.Argument(metavar="duplicate|alternate|unrelated", help="How the two assets are related.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the verdict.")] = False,
    json: JsonOption = False,
) -> None:
    """Record that two assets are duplicates, alternates or unrelated.

    A verdict takes precedence over all hashes, in every command. An alternate is another version worth keeping:
    similar, but not a duplicate. Unrelated assets are never reported as similar.
    """
    from dam.render import pairs as render
    from dam.services.catalogue.lookup import find_one_asset, read_reference
    from dam.services.catalogue.pairs import in_order, put_verdict, remove_verdict
    from dam.services.library import open_library

    if (word is None) != remove:
        raise typer.BadParameter("give either a verdict or --remove")
    with open_library() as library:
        one, other = read_reference(a), read_reference(b)
        with library.write() as session:
            pair = in_order(find_one_asset(session, one), find_one_asset(session, other))
            if word:
                put_verdict(session, pair, word)
            removed = remove_verdict(session, pair) if remove else None
    render.verdict(pair, word, as_json=json)
    if remove and not removed:
        raise typer.Exit(ExitCode.NOT_FOUND)
