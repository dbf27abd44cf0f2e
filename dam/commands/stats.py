"""`dam-cli stats`: what the library holds, and how it grew."""

from pathlib import Path
from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.commands.shared.query_words import QueryCommand

app = typer.Typer()


@app.command("stats", cls=QueryCommand, epilog=epilog("dam-cli stats kind:image --svg growth.svg"))
def stats(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]", help="Of which assets, see dam-cli ls; default: all.")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Also draw the growth as SVG.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    json: JsonOption = False,
) -> None:
    """Count assets and bytes by kind, format, month, camera and tag, and what duplicates cost.

    Duplicates are counted by what the database knows: images with equal compressed data, and those whose pixels
    find-duplicates has compared. Each group keeps its largest asset.
    """
    from dam.media.files.output import check_output, write_output
    from dam.render import stats as render
    from dam.render.stats_svg import growth
    from dam.services.library import open_library
    from dam.services.stats import statistics

    if svg:
        check_output(svg, replace=force)
    with open_library() as library:
        found = statistics(library, " ".join(words or ()))
    if svg:
        write_output(svg, growth(found).encode(), replace=force)
    render.stats(found, as_json=json)
