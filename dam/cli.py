"""The command line: each command parses, opens the library, calls one service, and renders.

Nothing heavy is imported here: `--help`, `--version` and completion must answer at once.
"""

from pathlib import Path
from typing import Annotated

try:
    import typer

    from dam import __version__
    from dam.commands.shared.group import DamGroup, DamTyper
    from dam.commands.shared.help_text import LOOKUP, epilog
    from dam.commands.shared.options import (
        AssetArgument,
        FilesFromOption,
        JobsOption,
        JsonOption,
        MatchOption,
        NullOption,
        ThresholdOption,
        used_hashes,
    )
    from dam.core.errors import ExitCode, UsageError
    from dam.services.similar.agreement import DEFAULT_AGREEMENT
    from dam.storage.modes import Mode
except KeyboardInterrupt:  # importing takes the most of a short command's time
    raise SystemExit(130) from None

app = DamTyper(
    name="dam-cli",
    cls=DamGroup,
    help="Digital asset management: ingest files, identify them, find duplicates and look-alikes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dam-cli {__version__}")
        raise typer.Exit


@app.callback()
def main(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, show_default=False, help="Log more; twice: everything.")
    ] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Digital asset management: ingest files, identify them, find duplicates and look-alikes."""
    del version
    from contextlib import suppress

    from dam.core.errors import UsageError
    from dam.core.logging_config import setup_logging

    with suppress(UsageError):  # the settings are off: the command says so as it begins, and its --help needs none
        setup_logging("DEBUG" if verbose > 1 else "INFO" if verbose else None)


@app.command("setup-db", epilog=epilog("dam-cli setup-db"))
def setup_db(json: JsonOption = False) -> None:
    """Set up the library, or bring its schema up to date. Can be run again at any time."""
    from dam.render import library as render
    from dam.services.library import set_up_library

    render.setup(set_up_library(), as_json=json)


@app.command("add-asset", epilog=epilog("dam-cli add-asset ~/Pictures --tags holiday,2026", ExitCode.INPUTS_FAILED))
def add_asset(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Files and folders.")] = None,
    tags: Annotated[str, typer.Option(help="Tags for every file, with commas between.")] = "",
    files_from: FilesFromOption = None,
    null: NullOption = False,
    mode: Annotated[Mode, typer.Option(help="How the bytes come in: see below.", show_choices=True)] = Mode.COPY,
    import_keywords: Annotated[
        bool, typer.Option("--import-keywords", help="Turn the keywords in images and their sidecars into tags.")
    ] = False,
    rehash: Annotated[bool, typer.Option("--rehash", help="Read files that look unchanged, too.")] = False,
    include: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Take only such files of a folder (as in .gitignore).")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Leave out such files and folders (as in .gitignore).")
    ] = None,
    skip_hidden: Annotated[bool, typer.Option("--skip-hidden", help="Leave out names that begin with a dot.")] = False,
    follow_links: Annotated[
        bool, typer.Option("-L", "--follow-links", help="Follow symbolic links in folders.")
    ] = False,
    one_file_system: Annotated[
        bool, typer.Option("-x", "--one-file-system", help="Stay out of folders where another file system is mounted.")
    ] = False,
    jobs: JobsOption = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing of files that went well.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring files and folders into the library. Of a folder, all that is in it.

    Content that is there already is linked to its new name and source, and what is unchanged is skipped. A file
    that fails is reported, and the rest go on. An embedded library that is not there yet is set up.

    \b
    Modes:
      copy       copy the bytes
      auto       share them with the source where the file system can (reflink), copy elsewhere
      reflink    share them; an error where the file system cannot
      hardlink   one more name of the same file: writing to one writes to both
      move       copy, and unlink the source once the library has it for good
      reference  leave the file where it is, and know it by its path and content
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.services.processes.pool import default_jobs, open_pool, start_server

    jobs = default_jobs() if jobs is None else jobs
    if jobs:
        start_server()

    from contextlib import closing
    from functools import partial
    from itertools import chain

    from dam.commands.shared.path_list import read_paths
    from dam.media.files.selection import Selection
    from dam.render.ingest import IngestReport
    from dam.render.progress import progress
    from dam.services.catalogue.tags import checked_tags
    from dam.services.ingest.ingest import Options, Unchanged, count_bytes, each_outcome, ingest
    from dam.services.library import open_library

    if not paths and files_from is None:
        raise typer.BadParameter("name at least one PATH, or --files-from")
    checked = checked_tags(tags.split(",") if tags else [])
    more = read_paths(files_from, b"\0" if null else b"\n") if files_from else []
    selection = Selection(include or (), exclude or (), not skip_hidden, follow_links, one_file_system)
    options = Options(selection, mode, rehash, import_keywords)
    report = IngestReport(as_json=json, quiet=quiet, tells_shares=mode is Mode.AUTO)
    with (
        open_library(create=True) as library,
        open_pool(library.store, jobs) as pool,
        closing(ingest(library, chain([paths or []], more), checked, options, pool=pool)) as outcomes,
        progress(
            quiet=quiet, count=None if files_from else partial(count_bytes, library, paths or [], selection)
        ) as bar,
    ):
        for outcome in each_outcome(library, outcomes) if json else outcomes:
            report.add(outcome)
            if isinstance(outcome, Unchanged):
                bar.advance(outcome.files[-1][0], outcome.bytes, files=outcome.count)
            else:
                bar.advance(outcome.path, outcome.size)
    report.finish()
    if report.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


@app.command("find-file-by-hash", epilog=epilog("dam-cli find-file-by-hash 9f86d081", *LOOKUP))
def find_file_by_hash(
    hash: Annotated[str | None, typer.Argument(metavar="HASH", help="A hash, or its first 8 digits or more.")] = None,
    hash_type: Annotated[str | None, typer.Option(metavar="sha256|md5", help="Which hash; either, without.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Look for the content of this file.")] = None,
    json: JsonOption = False,
) -> None:
    """Find an asset by a hash, or by a file.

    The hash is the SHA-256 or MD5 of the content, or the first digits of one. A file stands for its content.
    """
    from dam.render import assets as render
    from dam.render.text import note
    from dam.services.catalogue.assets import summarise
    from dam.services.catalogue.lookup import DIGITS, checked_hash, find_by_file, find_by_hash
    from dam.services.library import open_library

    if (hash is None) == (file is None):
        raise typer.BadParameter("give either a HASH or --file")
    if hash_type not in (None, *DIGITS):
        raise typer.BadParameter(f"{hash_type!r} is neither sha256 nor md5", param_hint="--hash-type")
    digits = checked_hash(hash, hash_type) if hash is not None else ""
    with open_library() as library, library.read() as session:
        found = find_by_file(session, file) if file else find_by_hash(session, digits, hash_type)
        matches = summarise(session, library.store, found)
    render.matches(matches, as_json=json)
    if not matches:
        raise typer.Exit(ExitCode.NOT_FOUND)
    if len(matches) > 1:
        note(f"{digits} is ambiguous: {len(matches)} assets")


@app.command("find-similar-images", epilog=epilog("dam-cli find-similar-images photo.jpg", *LOOKUP))
def find_similar_images(
    images: Annotated[
        list[str] | None, typer.Argument(metavar="IMAGE|FOLDER", help="Image files; they need not be in the library.")
    ] = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    phash_threshold: ThresholdOption = 4,
    ahash_threshold: ThresholdOption = 4,
    dhash_threshold: ThresholdOption = 4,
    match: MatchOption = DEFAULT_AGREEMENT,
    transforms: Annotated[
        bool, typer.Option("--transforms", help="Find turned and mirrored copies, too: all eight ways.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many matches for each image.")] = None,
    print0: Annotated[
        bool, typer.Option("--print0", help="Write paths of the matches, each ended by NUL: see below.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Find the images that look like one, or like each of some. Nearest first.

    Those that are within the thresholds of the hashes. Where all thresholds are at most 12, a second look at a small
    picture of both must agree, and pictures too plain for a hash match nothing but themselves: so what is found is the
    same picture. Verdicts (`dam-cli verdict`) on an image that is in the library come before that.

    --print0 writes for each match the file in the store, or an unchanged one that it came from: for `xargs -0` and the
    like.
    """
    from itertools import chain

    from dam.commands.shared.path_list import read_paths
    from dam.media.images.decoding import require_installed
    from dam.services.library import open_library

    if not images and files_from is None:
        raise typer.BadParameter("name at least one IMAGE, or --files-from")
    if json and print0:
        raise UsageError("--json and --print0 exclude each other")
    used = used_hashes(phash_threshold, ahash_threshold, dhash_threshold)
    require_installed()
    from dam.render import similar as render
    from dam.services.similar.image_query import read_queries
    from dam.services.similar.image_search import answer

    more = chain.from_iterable(read_paths(files_from, b"\0" if null else b"\n")) if files_from else ()
    with open_library() as library:
        asked = list(read_queries(chain(images or (), more), transforms=transforms))
        answers = answer(library, asked, used, match, limit)
    if print0:
        render.paths(answers)
    else:
        render.answers(answers, as_json=json)
    if render.errors(answers):
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if not any(each.found for each in answers):
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("show", epilog=epilog("dam-cli show photo.jpg", *LOOKUP))
def show(
    asset: AssetArgument,
    json: JsonOption = False,
) -> None:
    """Show all that the library knows of an asset."""
    from dam.render import assets as render
    from dam.services.catalogue.ecs import all_components
    from dam.services.catalogue.lookup import find_one_asset
    from dam.services.catalogue.pairs import relatives
    from dam.services.library import open_library

    with open_library() as library, library.read() as session:
        entity_id = find_one_asset(session, asset)
        described, related = all_components(session, entity_id), relatives(session, entity_id)
    render.components(entity_id, described, related, as_json=json)
