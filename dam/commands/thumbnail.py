"""`dam-cli thumbnail`: a small image of an asset."""

from pathlib import Path
from typing import Annotated

import typer

from dam.commands.shared.asset_words import NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode, InputError, UsageError

app = typer.Typer()


@app.command("thumbnail", epilog=epilog("dam-cli thumbnail holiday.mp4 --size 512 -o poster.jpg", *LOOKUP))
def thumbnail(
    asset: Annotated[
        str | None,
        typer.Argument(metavar="ASSET", help="An entity id, a hash or hash prefix, or a path; - reads ids from stdin."),
    ] = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    size: Annotated[int, typer.Option(min=16, max=4096, help="Maximum size of the longer side in pixels.")] = 256,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it to FILE (.jpg, .png or .webp), a pipe or device."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a thumbnail of an asset, and print its path.

    It shows the image, a frame from near the start of a video, the first page of a PDF, the waveform of audio, the
    embedded thumbnail of an office document, or the cover of an e-book. It is kept in the folder `thumbnails` of the
    store, which can be deleted at any time. `dam-cli run-systems --thumbnails` makes all missing ones.

    FILE is not replaced without --force; a file of the library, or a source, not even with it. A link is not followed.
    """
    from dam.render import thumbnails as render
    from dam.render.errors import error
    from dam.services.library import open_library
    from dam.services.thumbnails import make_thumbnail

    failed = 0
    with open_library() as library:
        chosen = chosen_assets(library, [asset] if asset is not None else [], query, null=null)
        if output and len(chosen) > 1:
            raise UsageError(f"--output is for one asset, and there are {len(chosen)}")
        for entity_id in chosen:
            try:
                made = make_thumbnail(library, entity_id, size, output, force=force)
            except InputError as exc:
                if len(chosen) == 1:
                    raise
                failed += 1
                error(f"entity {entity_id}: {exc}", exc.exit_code)
            else:
                render.thumbnail(made, as_json=json)
    if failed:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
