"""The command line: each command parses, opens the library, calls one service, and renders.

Nothing heavy is imported here: `--help`, `--version` and completion must answer at once.
"""

import os
from typing import Annotated

try:
    import typer

    from dam.commands.shared.completion import complete_library
    from dam.commands.shared.group import DamGroup, DamTyper
    from dam.commands.shared.help_text import LOOKUP, epilog
    from dam.commands.shared.options import (
        FilesFromOption,
        JobsOption,
        JsonOption,
        MatchOption,
        NullOption,
        QuietOption,
        ThresholdOption,
        VerboseOption,
        image_options,
    )
    from dam.commands.shared.tag_words import TagsOption, split_tags
    from dam.core.errors import ExitCode, UsageError
    from dam.services.similar.options import DEFAULT_AGREEMENT, DEFAULT_THRESHOLDS
    from dam.storage.modes import Mode
    from dam.version import __version__
except KeyboardInterrupt:  # imports take most of the time of a short command
    raise SystemExit(130) from None

app = DamTyper(
    name="dam-cli",
    cls=DamGroup,
    help="Digital asset management: ingest files, identify them, find duplicates and similar files.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


MAX_LISTED = 20
"""Maximum number of files given by name that are listed on a terminal, too."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dam-cli {__version__}")
        raise typer.Exit


@app.callback()
def main(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, show_default=False, help="Log more; -vv logs everything.")
    ] = 0,
    library: Annotated[
        str | None,
        typer.Option(
            "--library",
            metavar="NAME|PATH",
            autocompletion=complete_library,
            help="Use this library; default: as `dam-cli info` shows.",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Digital asset management: ingest files, identify them, find duplicates and similar files."""
    del version
    from contextlib import suppress

    from dam.core.errors import UsageError
    from dam.core.logging_config import setup_logging

    with suppress(UsageError):  # invalid settings: the command reports them when it starts, and --help needs none
        setup_logging("DEBUG" if verbose > 1 else "INFO" if verbose else None)
    if library is not None:
        from dam.core.config import use_library

        use_library(library)


@app.command("setup-db", epilog=epilog("dam-cli setup-db"))
def setup_db(json: JsonOption = False) -> None:
    """Set up the library, or upgrade its schema. Safe to run again."""
    from dam.render import library as render
    from dam.services.library import set_up_library

    render.setup(set_up_library(), as_json=json)


@app.command("add-asset", epilog=epilog("dam-cli add-asset ~/Pictures --tags holiday,2026", ExitCode.INPUTS_FAILED))
def add_asset(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Files and folders.")] = None,
    tags: TagsOption = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    mode: Annotated[Mode, typer.Option(help="How to store the bytes: see below.", show_choices=True)] = Mode.COPY,
    import_keywords: Annotated[
        bool, typer.Option("--import-keywords", help="Turn keywords in images and their sidecars into tags.")
    ] = False,
    rehash: Annotated[bool, typer.Option("--rehash", help="Also read files that look unchanged.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep tags and verdicts of files that have changed: see below.")
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Add only matching files (gitignore syntax)."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Exclude matching paths (gitignore syntax)."),
    ] = None,
    skip_hidden: Annotated[bool, typer.Option("--skip-hidden", help="Exclude names that begin with a dot.")] = False,
    follow_links: Annotated[
        bool, typer.Option("-L", "--follow-links", help="Follow symbolic links in folders.")
    ] = False,
    one_file_system: Annotated[
        bool, typer.Option("-x", "--one-file-system", help="Do not enter other file systems.")
    ] = False,
    min_copies: Annotated[
        int, typer.Option(min=1, help="With move: sound copies in store and mirrors before a source goes.")
    ] = 1,
    jobs: JobsOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    json: JsonOption = False,
) -> None:
    """Add files and folders, recursively.

    Content that the library already has is linked to its new name and source, and unchanged files are skipped. A file
    that fails is reported, and the others are added. A SQLite library that does not exist yet is set up.

    On a terminal, a bar shows what is done, and problems stand above it; -v lists every file. Files that you name are
    listed, too, up to 20 of them.

    A file that has changed is another asset. If only its metadata have changed, so that the picture is the same, the
    new asset takes over the tags and verdicts of the old one, which is marked as replaced. With --follow it does so
    whatever has changed.

    \b
    Modes:
      copy       copy the bytes
      auto       share them with the source if the file system supports it (reflink), copy otherwise
      reflink    share them; a file for which that is impossible fails
      hardlink   make a hard link to the source: writing to one changes both
      move       copy, then remove the source once its content is stored durably
      reference  leave the file where it is, and record its path and content
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.services.processes.server import default_jobs, start_server

    jobs = default_jobs() if jobs is None else jobs
    is_one_file = not files_from and len(paths or ()) == 1 and not os.path.isdir((paths or [""])[0])
    if jobs and not is_one_file:  # that runs in a fork
        start_server()

    from contextlib import closing
    from functools import partial
    from itertools import chain

    from dam.commands.shared.path_list import read_paths
    from dam.media.files.selection import Selection
    from dam.render.ingest import IngestReport, what_to_list
    from dam.render.progress import progress
    from dam.services.ingest.ingest import Options, Status, Unchanged, count_bytes, each_outcome, ingest
    from dam.services.ingest.outcome import missing_paths
    from dam.services.library import open_library
    from dam.services.processes.pool import open_pool

    if not paths and files_from is None:
        raise typer.BadParameter("give at least one PATH, or --files-from")
    if min_copies > 1 and mode is not Mode.MOVE:
        raise UsageError("--min-copies needs --mode move: no other mode removes a source")
    checked = split_tags(tags)
    more = read_paths(files_from, b"\0" if null else b"\n") if files_from else []
    selection = Selection(include or (), exclude or (), not skip_hidden, follow_links, one_file_system)
    options = Options(selection, mode, rehash, import_keywords, follow, min_copies)
    missing = missing_paths(paths or ())
    paths = [path for path in paths or () if path not in missing]
    are_few = not files_from and len(paths or ()) <= MAX_LISTED and not any(map(os.path.isdir, paths or ()))
    lists = what_to_list(quiet=quiet, verbose=verbose, are_few=are_few)
    report = IngestReport(as_json=json, lists=lists, tells_shares=mode is Mode.AUTO)
    for absent in missing.values():
        report.add(absent)
    if missing and not (paths or files_from):  # no library is made for a word that was misspelt
        report.finish()
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    with (
        report,
        open_library(create=True) as library,
        open_pool(jobs) as pool,
        closing(ingest(library, chain([paths or []], more), checked, options, pool=pool)) as outcomes,
        progress(
            quiet=quiet, count=None if files_from else partial(count_bytes, library, paths or [], selection)
        ) as bar,
    ):
        for outcome in each_outcome(library, outcomes) if json else outcomes:
            report.add(outcome)
            if isinstance(outcome, Unchanged):
                bar.advance(outcome.files[-1][0], outcome.bytes, files=outcome.count, is_read=False)
            else:
                bar.advance(outcome.path, outcome.size, is_read=outcome.status is not Status.UNCHANGED)
    report.finish()
    if report.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


@app.command("find-similar-images", epilog=epilog("dam-cli find-similar-images photo.jpg", *LOOKUP))
def find_similar_images(
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="IMAGE|FOLDER|ASSET", help="Image files, which need not be in the library, or assets by id or hash."
        ),
    ] = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    phash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["phash"],
    ahash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["ahash"],
    dhash_threshold: ThresholdOption = DEFAULT_THRESHOLDS["dhash"],
    match: MatchOption = DEFAULT_AGREEMENT,
    transforms: Annotated[bool, typer.Option("--transforms", help="Also find rotated and mirrored copies.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of matches per image.")] = None,
    print0: Annotated[
        bool, typer.Option("--print0", help="Write the paths of the matches, each ending with NUL: see below.")
    ] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Find images similar to each of the given images, closest first.

    A match has as many hashes within their thresholds as --match asks for. If all thresholds are at most 12, a
    comparison of small luma pictures must confirm it, and images with too little detail match only identical pixels.
    With a greater threshold, the hashes alone decide. --transforms compares rotated and mirrored copies by the pHash
    alone, and always confirms them. Verdicts (`dam-cli verdict`) on an image in the library take precedence.
    find-duplicates, link-similar and explain decide by the same rule, with the same defaults.

    --print0 writes the path of each match in the store, or of an unchanged source: for `xargs -0` and the like.
    """
    from itertools import chain

    from dam.commands.shared.path_list import read_paths
    from dam.media.images.decoding import require_installed
    from dam.services.similar.features import start_query

    if not images and files_from is None:
        raise typer.BadParameter("give at least one IMAGE, or --files-from")
    if json and print0:
        raise UsageError("--json and --print0 cannot be combined")
    options = image_options(phash_threshold, ahash_threshold, dhash_threshold, match, transforms=transforms)
    require_installed()
    if not all(map(os.path.lexists, images or ())):
        from dam.services.library import open_library
        from dam.services.similar.search import paths_of

        with open_library() as library, library.read() as session:
            images = paths_of(session, library, images or ())
    with start_query([] if files_from else images or [], transforms=transforms, jobs=jobs) as started:
        from dam.render import similar as render
        from dam.services.library import open_library
        from dam.services.similar.image_query import read_queries
        from dam.services.similar.image_search import search_images
        from dam.services.sources.source_states import check_sources

        more = chain.from_iterable(read_paths(files_from, b"\0" if null else b"\n")) if files_from else ()
        with open_library() as library:
            paths = chain(images or (), more)
            queries = list(read_queries(paths, transforms=transforms, jobs=jobs, started=started))
            results = search_images(library, queries, options, limit)
            shown = () if json or print0 else (each.asset.entity_id for result in results for each in result.found)
            sources = check_sources(library, shown)
    if print0:
        render.paths(results)
    else:
        render.results(results, sources, as_json=json)
    if render.errors(results):
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if not any(each.found for each in results):
        raise typer.Exit(ExitCode.NOT_FOUND)
