"""`dam-cli find-duplicates`: groups of duplicates, each with the one to keep."""

from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.asset_words import NullIdsOption, QueryOption
from dam.commands.shared.completion import complete_rules
from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption, MatchOption, ThresholdOption, image_options
from dam.commands.shared.tag_words import TagsOption, split_tags
from dam.core.errors import ExitCode, UsageError
from dam.services.duplicates.rules import DEFAULT_RULES, Level
from dam.services.similar.options import DEFAULT_AGREEMENT, DEFAULT_THRESHOLDS

if TYPE_CHECKING:
    from dam.services.catalogue.selection import Ids
    from dam.services.duplicates.groups import Duplicates
    from dam.services.library import Library

app = typer.Typer()


@app.command(
    "find-duplicates", epilog=epilog("dam-cli find-duplicates --level pixels --print0 | xargs -0 ls -l", *LOOKUP)
)
def find_duplicates(
    assets: Annotated[
        list[str] | None,
        typer.Argument(metavar="ASSET|FOLDER", help="Compare only these assets, and those from folders; - reads ids."),
    ] = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    tag: TagsOption = None,
    level: Annotated[Level, typer.Option(help="How similar duplicates must be: see below.")] = Level.SIMILAR,
    keep: Annotated[
        str,
        typer.Option(
            metavar="RULES",
            autocompletion=complete_rules,
            help="Which asset of a group to keep: comma-separated rules, see below.",
        ),
    ] = ",".join(DEFAULT_RULES),
    phash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["dhash"],
    match: MatchOption = DEFAULT_AGREEMENT,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="Also find rotated and mirrored copies (level similar, by pHash).")
    ] = False,
    print0: Annotated[
        bool, typer.Option("--print0", help="Write the paths of duplicates, each ending with NUL: see below.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find groups of duplicate images, videos, audio files and documents.

    Each group has one asset to keep, and its duplicates. Each duplicate is similar to the asset to keep, not only to
    another duplicate. Verdicts take precedence over all measures, and images with too little detail match only
    identical pixels.

    \b
    Levels; each includes the one before it:
      content  the same compressed image with different metadata (JPEG, PNG, WebP, GIF)
      pixels   the same pixels in another file or format
      similar  images by the rule of find-similar-images: with a threshold above 12 the hashes alone decide, so check
               what is found; videos, audio and documents by the method of find-similar, over their whole length: an
               excerpt is not a duplicate

    Media other than images have only the level similar: identical files are always one asset.

    \b
    Rules; the first that distinguishes two assets decides, and rules that are not given follow in the default order:
      most-pixels, fewest-pixels, largest-file, smallest-file, oldest, newest (by modification time), most-tags,
      lowest-id, highest-id

    --print0 writes the source paths of duplicates that still exist and are unchanged, for `xargs -0` and the like. It
    reads each asset to keep first: if that is missing or damaged, no path of its group is written (exit 3). No path
    leads to a file of an asset to keep, not even by a hard link.
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.media.images.decoding import require_numpy

    if json and print0:
        raise UsageError("--json and --print0 cannot be combined")
    require_numpy()
    from dam.render import duplicates as render
    from dam.services.duplicates.decider import DuplicateOptions
    from dam.services.duplicates.groups import find_duplicates as find
    from dam.services.duplicates.keepers import read_rules
    from dam.services.duplicates.removable import removable_paths
    from dam.services.library import open_library
    from dam.services.sources.source_states import check_sources

    images = image_options(phash_threshold, ahash_threshold, dhash_threshold, match, transforms=transforms)
    options = DuplicateOptions(level, read_rules(keep), images)
    with open_library() as library:
        among = _among(library, assets or [], split_tags(tag), query, null=null)
        found = find(library, options, among)
        problems = 0
        if print0:
            problems = render.paths(removable_paths(library, found.groups))
        else:
            shown = () if json else (asset.entity_id for group in found.groups for asset in group.assets)
            render.duplicates(found, check_sources(library, shown), as_json=json)
    render.unread(found.unread)
    _exit(found, problems)


def _among(library: "Library", assets: list[str], tags: list[str], query: str | None, *, null: bool) -> "Ids | None":
    """Return the assets to compare: those that are named, have the tags and match the query; None for all."""
    import numpy as np

    from dam.commands.shared.asset_words import STDIN, read_ids
    from dam.services.catalogue.selection import select_assets
    from dam.services.query.select import matching_ids

    named = [str(each) for each in read_ids(null=null)] if STDIN in assets else []
    with library.read() as session:
        among = select_assets(session, [*(each for each in assets if each != STDIN), *named], tags)
    if query is None:
        return among if named or STDIN not in assets else np.array([], np.int64)
    matching = matching_ids(library, query)
    return matching if among is None else np.intersect1d(among, matching)


def _exit(found: "Duplicates", problems: int) -> None:
    if found.unread or problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if not found.groups:
        raise typer.Exit(ExitCode.NOT_FOUND)
