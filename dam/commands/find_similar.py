"""`dam-cli find-similar`: what is similar to a file, whatever its kind."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("find-similar", epilog=epilog("dam-cli find-similar holiday.mp4", *LOOKUP))
def find_similar(
    file: Annotated[
        str, typer.Argument(metavar="FILE|ASSET", help="A file, or an asset by its id, or a hash or its prefix.")
    ],
    min_score: Annotated[float, typer.Option(min=0, max=1, help="Leave out matches with a lower score.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many matches.")] = None,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="Of images, find turned and mirrored copies, too: all eight ways.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find what is similar to a file: images, videos, audio and documents.

    By the method for its kind: perceptual hashes of images, pictures and sound of videos, the sound of audio (which
    finds videos, too), the words of documents. The very same content comes first, then what is most similar. The score
    is from 0 to 1; what it means differs from method to method. The file need not be in the library.

    It is decoded in a process of its own, within the limits of DAM_DECODE_SECONDS and DAM_WORKER_MEMORY_MB.
    """
    from dam.render import find_similar as render
    from dam.render.text import note, safe
    from dam.services.library import open_library
    from dam.services.similar.search import find_similar as find

    with open_library() as library:
        answer = find(library, file, min_score=min_score, limit=limit, transforms=transforms)
    render.answer(answer, as_json=json)
    if answer.unheard:
        note(f"dam-cli: {answer.unheard}")
    if answer.error:
        note(f"dam-cli: {safe(str(answer.error))}")
        raise typer.Exit(answer.error.exit_code)
    if not answer.found:
        raise typer.Exit(ExitCode.NOT_FOUND)
