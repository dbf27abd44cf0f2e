"""`dam-cli explain`: why two images are or are not similar."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption, MatchOption, ThresholdOption, used_hashes
from dam.services.similar.agreement import DEFAULT_AGREEMENT

app = typer.Typer()


@app.command("explain", epilog=epilog("dam-cli explain 42 copy.jpg", *LOOKUP))
def explain(
    a: Annotated[
        str, typer.Argument(metavar="A", help="An entity id, a hash or hash prefix, or the path of any image.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    phash_threshold: ThresholdOption = 4,
    ahash_threshold: ThresholdOption = 4,
    dhash_threshold: ThresholdOption = 4,
    match: MatchOption = DEFAULT_AGREEMENT,
    transforms: Annotated[
        bool,
        typer.Option("--transforms", help="Rotate and mirror A to best match B, and report how."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Explain why two images are or are not similar: every hash, distance and measure."""
    from dam.media.images.decoding import require_installed
    from dam.render import pairs as render
    from dam.services.library import open_library

    require_installed()
    from dam.services.similar.explain import explain as run

    used = used_hashes(phash_threshold, ahash_threshold, dhash_threshold)
    with open_library() as library, library.read() as session:
        found = run(session, a, b, used, match, transforms=transforms, store=library.store)
    render.explanation(found, as_json=json)
