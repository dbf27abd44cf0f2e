"""Commands about pairs of assets: the user's verdicts, links between look-alikes, and explanations."""

from typing import Annotated

import typer

from dam.commands.help_text import LOOKUP, JsonOption, epilog
from dam.commands.similar import Threshold
from dam.core.errors import ExitCode
from dam.services.catalogue.verdict import Verdict
from dam.services.similar.options import DEFAULT_AGREEMENT, DEFAULT_THRESHOLDS, Agreement, ImageOptions

app = typer.Typer()

Asset = Annotated[str, typer.Argument(help="An entity id, a hash or its prefix, or a path.")]
AssetOrFile = Annotated[str, typer.Argument(help="The same, or an image file outside the library.")]
Match = Annotated[Agreement, typer.Option(help="How many of the hashes must be within their threshold.")]


@app.command("verdict", epilog=epilog("dam-cli verdict 42 57 unrelated", *LOOKUP))
def verdict(
    a: Asset,
    b: Asset,
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


@app.command("verdicts", epilog=epilog("dam-cli verdicts", ExitCode.NOT_FOUND))
def verdicts(json: JsonOption = False) -> None:
    """List your verdicts on pairs of assets."""
    from dam.render import pairs as render
    from dam.services.catalogue.pairs import all_verdicts
    from dam.services.library import open_library

    with open_library() as library, library.read() as session:
        count = render.verdicts(all_verdicts(session), as_json=json)
    if not count:
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("explain", epilog=epilog("dam-cli explain 42 copy.jpg", *LOOKUP))
def explain(
    a: AssetOrFile,
    b: AssetOrFile,
    phash_threshold: Threshold = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: Threshold = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: Threshold = DEFAULT_THRESHOLDS["dhash"],
    match: Match = DEFAULT_AGREEMENT,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="Turn and mirror A to be most like B, and say how.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Explain why two images are called similar, or are not: every hash, distance and measure."""
    from dam.media.images.decoding import require_installed
    from dam.render import pairs as render
    from dam.services.library import open_library

    require_installed()
    from dam.services.similar.explain import explain as run

    thresholds = {"phash": phash_threshold, "ahash": ahash_threshold, "dhash": dhash_threshold}
    options = ImageOptions(thresholds, match, transforms)
    with open_library() as library, library.read() as session:
        found = run(session, a, b, options, store=library.store)
    render.explanation(found, as_json=json)


@app.command("link-similar", epilog=epilog("dam-cli link-similar"))
def link_similar(
    phash_threshold: Threshold = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: Threshold = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: Threshold = DEFAULT_THRESHOLDS["dhash"],
    match: Match = DEFAULT_AGREEMENT,
    json: JsonOption = False,
) -> None:
    """Record which images look alike. Compares only what is new since the last run with the same thresholds.

    `show` then lists the relatives of an asset. Other thresholds compare everything again.
    """
    from dam.media.images.decoding import require_installed
    from dam.render import pairs as render
    from dam.services.library import open_library

    require_installed()
    from dam.services.similar.links import link_similar as run

    thresholds = {"phash": phash_threshold, "ahash": ahash_threshold, "dhash": dhash_threshold}
    options = ImageOptions(thresholds, match)
    with open_library() as library:
        render.linked(run(library, options), as_json=json)
