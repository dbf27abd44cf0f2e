"""The command line: each command parses, opens the library, calls one service, and renders.

Nothing heavy is imported here: `--help`, `--version` and completion must answer at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

try:
    import typer

    from dam import __version__
    from dam.commands import find_duplicates, find_similar, pairs, similar, tag, thumbnail
    from dam.commands.group import DamGroup, DamTyper
    from dam.commands.help_text import LOOKUP, JobsOption, JsonOption, epilog
    from dam.core.errors import ExitCode
    from dam.storage.modes import Mode
except KeyboardInterrupt:  # importing takes the most of a short command's time
    raise SystemExit(130) from None

if TYPE_CHECKING:
    from dam.services.library import Library

app = DamTyper(
    name="dam-cli",
    cls=DamGroup,
    help="Digital asset management: ingest files, identify them, find duplicates and look-alikes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(tag.app)
app.add_typer(pairs.app)


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


@app.command("info", epilog=epilog("dam-cli info --json"))
def info(json: JsonOption = False) -> None:
    """Say where the library is and what it holds. Also its schema, and the versions that matter."""
    from dam.render import library as render
    from dam.services.info import describe
    from dam.services.library import open_library

    with open_library() as library:
        render.info(describe(library), as_json=json)


@app.command("add-asset", epilog=epilog("dam-cli add-asset ~/Pictures --tags holiday,2026", ExitCode.INPUTS_FAILED))
def add_asset(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Files and folders.")] = None,
    tags: Annotated[str, typer.Option(help="Tags for every file, with commas between.")] = "",
    files_from: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read more paths from FILE, one a line; - is stdin.")
    ] = None,
    null: Annotated[
        bool, typer.Option("-0", "--null", help="Paths in FILE end with NUL instead of a newline.")
    ] = False,
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

    from dam.commands.path_list import read_paths
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


app.command("find-similar", epilog=find_similar.EPILOG)(find_similar.find_similar)


app.command("find-similar-images", epilog=similar.EPILOG)(similar.find_similar_images)


app.command("find-duplicates", epilog=find_duplicates.EPILOG)(find_duplicates.find_duplicates)


@app.command("show", epilog=epilog("dam-cli show photo.jpg", *LOOKUP))
def show(
    asset: Annotated[
        str, typer.Argument(metavar="ENTITY|HASH|PATH", help="An entity id, a hash or its prefix, or a path.")
    ],
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


@app.command("run-systems", epilog=epilog("dam-cli run-systems", ExitCode.INPUTS_FAILED))
def run_systems(
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Then make a thumbnail of every asset that lacks one.")
    ] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Bring assets up to date with today's systems. Adds what they find, and runs nothing twice."""
    from itertools import chain

    from dam.render.ingest import UpdateReport
    from dam.render.progress import progress
    from dam.services.ingest.run_systems import bytes_to_read
    from dam.services.ingest.run_systems import run_systems as run
    from dam.services.library import open_library
    from dam.services.processes.pool import open_pool
    from dam.services.thumbnails import make_missing

    report = UpdateReport(as_json=json)
    with (
        open_library() as library,
        open_pool(library.store, jobs) as pool,
        progress(count=lambda: bytes_to_read(library)) as bar,
    ):
        for update in chain(run(library, pool=pool), make_missing(library, pool) if thumbnails else ()):
            report.add(update)
            bar.advance(f"entity {update.entity_id}", update.size)
    report.finish()
    if report.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


app.command("thumbnail", epilog=thumbnail.EPILOG)(thumbnail.thumbnail)


@app.command("failures", epilog=epilog("dam-cli failures --retry", ExitCode.NOT_FOUND, ExitCode.INPUTS_FAILED))
def failures(
    retry: Annotated[
        bool, typer.Option("--retry", help="Try them all again, in the mode and with the tags they were to have.")
    ] = False,
    forget: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="Forget that this path could not be read.")
    ] = None,
    forget_gone: Annotated[
        bool, typer.Option("--forget-gone", help="Forget the paths where nothing is any more.")
    ] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """List what failed and is remembered: unreadable paths, undecodable assets. Or try them again, or forget them."""
    from itertools import chain

    from dam.render import failures as render
    from dam.services.catalogue.failures import forget_on_request, undecodable, unreadable
    from dam.services.library import open_library

    if retry and (forget or forget_gone):
        raise typer.BadParameter("either --retry, or --forget and --forget-gone")
    with open_library() as library:
        if forget or forget_gone:
            with library.write() as session:
                chosen = forget_on_request(session, forget or (), gone=forget_gone)
            count = render.failures(chosen, as_json=json, forgotten=True)
            if forget and not count:
                raise typer.Exit(ExitCode.NOT_FOUND)
            return
        if retry:
            _retry_failures(library, jobs, as_json=json)
            return
        with library.read() as session:
            count = render.failures(chain(unreadable(session), undecodable(session)), as_json=json)
    if not count:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _retry_failures(library: "Library", jobs: int | None, *, as_json: bool) -> None:
    from contextlib import closing

    from dam.render.ingest import IngestReport, UpdateReport
    from dam.services.ingest.retry import retry_unreadable
    from dam.services.ingest.run_systems import run_systems
    from dam.services.processes.pool import open_pool

    files, assets = IngestReport(as_json=as_json), UpdateReport(as_json=as_json)
    with open_pool(library.store, jobs) as pool:
        with closing(retry_unreadable(library, pool=pool)) as outcomes:
            for outcome in outcomes:
                files.add(outcome)
        files.finish()
        for update in run_systems(library, retry_failed=True, pool=pool):
            assets.add(update)
        assets.finish()
    if files.problems or assets.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


@app.command("verify", epilog=epilog("dam-cli verify --content", ExitCode.DAMAGE))
def verify(
    content: Annotated[bool, typer.Option("--content", help="Read every byte and compare it with its digest.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare the store with the database: name what is missing, altered, orphaned or dangling."""
    from contextlib import closing

    from dam.render.progress import progress
    from dam.render.verify import VerifyReport
    from dam.services.info import describe
    from dam.services.library import open_library
    from dam.services.processes.pool import default_jobs
    from dam.services.verify import Sound
    from dam.services.verify import verify as run

    report = VerifyReport(as_json=json)
    with (
        open_library() as library,
        closing(run(library, content=content, threads=default_jobs())) as results,
        progress(count=lambda: describe(library).bytes) as bar,
    ):
        for result in results:
            report.add(result)
            if isinstance(result, Sound):
                bar.advance(f"entity {result.entity_id}", result.size)
    report.finish()
    if report.damage:
        raise typer.Exit(ExitCode.DAMAGE)


@app.command("query-assets-placeholder", hidden=True, epilog=epilog("dam-cli query-assets-placeholder"))
def query_assets_placeholder() -> None:
    """Say that the query language is yet to come."""
    from dam.render.text import note

    note("queries are not there yet: see find-file-by-hash, find-similar-images and tag ls")
