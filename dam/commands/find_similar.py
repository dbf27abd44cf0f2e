"""`dam-cli find-similar`: assets similar to a file of any kind."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("find-similar", epilog=epilog("dam-cli find-similar holiday.mp4", *LOOKUP))
def find_similar(
    file: Annotated[str, typer.Argument(metavar="FILE|ASSET", help="A file, or an asset by id, hash or hash prefix.")],
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Minimum score of a match.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of matches.")] = None,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="For images, also find rotated and mirrored copies.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find assets similar to a file: images, videos, audio and documents.

    The method depends on the kind: perceptual hashes of images, frames and sound of videos, sound of audio (which also
    finds videos), words of documents. Identical content comes first, then the highest score. Scores are from 0 to 1,
    and their meaning depends on the method. The file need not be in the library.

    The file is decoded in a separate process, limited by DAM_DECODE_SECONDS and DAM_WORKER_MEMORY_MB.
    """
    from dam.render import find_similar as render
    from dam.render.errors import error
    from dam.render.text import note
    from dam.services.library import open_library
    from dam.services.similar.search import find_similar as find
    from dam.services.sources.source_states import check_sources

    with open_library() as library:
        result = find(library, file, min_score=min_score, limit=limit, transforms=transforms)
        sources = {} if json else check_sources(library, (each.asset.entity_id for each in result.found))
    render.result(result, sources, as_json=json)
    for reason in result.parts_left_out:
        note(f"dam-cli: {reason}")
    if result.error:
        error(str(result.error), result.error.exit_code)
        raise typer.Exit(result.error.exit_code)
    if not result.found:
        raise typer.Exit(ExitCode.NOT_FOUND)
