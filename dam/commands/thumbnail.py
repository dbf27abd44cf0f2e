"""`dam-cli thumbnail`: a small picture of an asset."""

from pathlib import Path
from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import AssetArgument, JsonOption

app = typer.Typer()


@app.command("thumbnail", epilog=epilog("dam-cli thumbnail holiday.mp4 --size 512 -o poster.jpg", *LOOKUP))
def thumbnail(
    asset: AssetArgument,
    size: Annotated[int, typer.Option(min=16, max=4096, help="Most pixels of the longer side.")] = 256,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to FILE, too, and name that.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a thumbnail of an asset, and write its path: a JPEG.

    Of an image, of a video a picture from near its beginning, of a PDF its first page, of audio the waveform, of an
    office document the thumbnail that it carries, of a book its cover. It is kept in the folder thumbnails of the
    store, which can be deleted at any time. `dam-cli run-systems --thumbnails` makes all that are missing.
    """
    from dam.render import thumbnails as render
    from dam.services.catalogue.lookup import find_one_asset
    from dam.services.library import open_library
    from dam.services.thumbnails import make_thumbnail

    with open_library() as library:
        with library.read() as session:
            entity_id = find_one_asset(session, asset)
        made = make_thumbnail(library, entity_id, size, output)
    render.thumbnail(made, as_json=json)
