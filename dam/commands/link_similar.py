"""`dam-cli link-similar`: record pairs of similar images."""

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption, MatchOption, ThresholdOption, image_options
from dam.services.similar.options import DEFAULT_AGREEMENT, DEFAULT_THRESHOLDS

app = typer.Typer()


@app.command("link-similar", epilog=epilog("dam-cli link-similar"))
def link_similar(
    phash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["dhash"],
    match: MatchOption = DEFAULT_AGREEMENT,
    query: QueryOption = None,
    assets: AssetsArgument = None,
    null: NullIdsOption = False,
    json: JsonOption = False,
) -> None:
    """Record pairs of similar images. Compares only images added since the last run with the same options.

    With assets or a query, only these are compared: with all others.

    `show` then lists the similar images of an asset. With other options, all images are compared again.
    """
    from dam.media.images.decoding import require_installed
    from dam.render import pairs as render
    from dam.services.library import open_library

    require_installed()
    from dam.services.similar.links import link_similar as run

    options = image_options(phash_threshold, ahash_threshold, dhash_threshold, match)
    with open_library() as library:
        among = None if query is None and not assets else chosen_assets(library, assets, query, null=null)
        render.linked(run(library, options, among), as_json=json)
