"""`dam-cli find-similar-images`: the images that look like some."""

from typing import Annotated

import typer

from dam.commands.help_text import LOOKUP, JobsOption, JsonOption, epilog
from dam.core.errors import ExitCode, UsageError
from dam.services.similar.agreement import DEFAULT_AGREEMENT, Agreement

EPILOG = epilog("dam-cli find-similar-images photo.jpg", *LOOKUP)

Threshold = Annotated[int, typer.Option(max=64, help="Most bits that may differ (0-64); negative: not this hash.")]


def find_similar_images(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="IMAGE|FOLDER", help="Image files; they need not be in the library.")
    ] = None,
    files_from: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read more paths from FILE, one a line; - is stdin.")
    ] = None,
    null: Annotated[
        bool, typer.Option("-0", "--null", help="Paths in FILE end with NUL instead of a newline.")
    ] = False,
    phash_threshold: Threshold = 4,
    ahash_threshold: Threshold = 4,
    dhash_threshold: Threshold = 4,
    match: Annotated[
        Agreement, typer.Option(help="How many of the hashes must be within their threshold.")
    ] = DEFAULT_AGREEMENT,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="Find turned and mirrored copies, too: all eight ways.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many matches for each image.")] = None,
    print0: Annotated[
        bool, typer.Option("--print0", help="Write paths of the matches, each ended by NUL: see below.")
    ] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Find the images that look like one, or like each of some. Nearest first.

    Those that are within the thresholds of the hashes. Where all thresholds are at most 12, a second look at a small
    picture of both must agree, and pictures too plain for a hash match nothing but themselves: so what is found is the
    same picture. Verdicts (`dam-cli verdict`) on an image that is in the library come before that.

    --print0 writes for each match the file in the store, or an unchanged one that it came from: for `xargs -0` and the
    like.
    """
    from contextlib import nullcontext
    from itertools import chain

    from dam.commands.path_list import read_paths
    from dam.media.images.decoding import require_installed
    from dam.services.similar.features import begin_query

    if not images and files_from is None:
        raise typer.BadParameter("name at least one IMAGE, or --files-from")
    if json and print0:
        raise UsageError("--json and --print0 exclude each other")
    thresholds = {"phash": phash_threshold, "ahash": ahash_threshold, "dhash": dhash_threshold}
    used = {name: threshold for name, threshold in thresholds.items() if threshold >= 0}
    if not used:
        raise typer.BadParameter("every hash is switched off")
    require_installed()
    begun = begin_query(images or (), transforms=transforms) if files_from is None and jobs != 0 else None
    with begun or nullcontext():
        from dam.render import similar as render
        from dam.services.library import open_library
        from dam.services.similar.image_query import query_of, read_queries
        from dam.services.similar.image_search import answer

        more = chain.from_iterable(read_paths(files_from, b"\0" if null else b"\n")) if files_from else ()
        with open_library() as library:
            if begun:
                asked = [query_of(begun.result())]
            else:
                asked = list(read_queries(chain(images or (), more), transforms=transforms, jobs=jobs))
            answers = answer(library, asked, used, match, limit)
    if print0:
        render.paths(answers)
    else:
        render.answers(answers, as_json=json)
    if render.errors(answers):
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if not any(each.found for each in answers):
        raise typer.Exit(ExitCode.NOT_FOUND)
