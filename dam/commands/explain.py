"""`dam-cli explain`: why two images are or are not similar."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption, MatchOption, ThresholdOption, image_options
from dam.services.similar.options import DEFAULT_AGREEMENT, DEFAULT_THRESHOLDS

app = typer.Typer()


@app.command("explain", epilog=epilog("dam-cli explain 42 copy.jpg", *LOOKUP))
def explain(
    a: Annotated[
        str, typer.Argument(metavar="A", help="An entity id, a hash or hash prefix, or the path of any image.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    phash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["dhash"],
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
    from dam.services.catalogue.assets import summarise
    from dam.services.library import open_library

    require_installed()
    from dam.services.similar.explain import explain as run

    options = image_options(phash_threshold, ahash_threshold, dhash_threshold, match, transforms=transforms)
    with open_library() as library, library.read() as session:
        found = run(session, a, b, options, store=library.store)
        ids = {subject.entity_id for subject in found.subjects if subject.entity_id is not None}
        assets = {asset.entity_id: asset for asset in summarise(session, library.store, ids)}
    render.explanation(found, assets, as_json=json)
