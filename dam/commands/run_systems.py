"""`dam-cli run-systems`: bring components up to date."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JobsOption, JsonOption, QuietOption, VerboseOption
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dam.services.library import Library

app = typer.Typer()


@app.command("run-systems", epilog=epilog("dam-cli run-systems --ocr kind:image added:-1w..", ExitCode.INPUTS_FAILED))
def run_systems(
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]", help="With --ocr: the assets to read, see doc/query.md.")
    ] = None,
    thumbnails: Annotated[bool, typer.Option("--thumbnails", help="Then make all missing thumbnails.")] = False,
    ocr: Annotated[
        bool, typer.Option("--ocr", help="Then read the words in images, and in PDFs without text: seconds a page.")
    ] = False,
    jobs: JobsOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    json: JsonOption = False,
) -> None:
    """Bring assets up to date with the current systems. Runs only systems that have not run yet."""
    from dam.render.ingest import UpdateReport, what_to_list
    from dam.render.progress import progress
    from dam.services.ingest.run_systems import bytes_to_read, read_words
    from dam.services.ingest.run_systems import run_systems as run
    from dam.services.library import open_library
    from dam.services.processes.limits import ocr_limits
    from dam.services.processes.pool import open_pool
    from dam.services.thumbnails import make_missing

    if query and not ocr:
        raise UsageError("a query chooses the assets for --ocr: without it, all assets are brought up to date")
    report = UpdateReport(as_json=json, lists=what_to_list(quiet=quiet, verbose=verbose))
    with report, open_library() as library:
        chosen = _with_words(library, " ".join(query or ())) if ocr else None  # a mistake in the query comes first
        with open_pool(jobs) as pool, progress(quiet=quiet, count=lambda: bytes_to_read(library)) as bar:
            report.add_all(run(library, pool=pool), bar)
            if thumbnails:
                report.add_all(make_missing(library, pool), bar)
        if chosen is not None:
            with open_pool(jobs, ocr_limits()) as pool, progress(quiet=quiet) as bar:
                report.add_all(read_words(library, chosen, pool), bar)
    report.finish()
    if report.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


def _with_words(library: "Library", query: str) -> "Iterable[int]":
    """Return the assets that match a query, by default all that may have words in pictures."""
    from dam.services.query.select import matching_ids

    ids: list[int] = matching_ids(library, query or "kind:image or mime:application/pdf").tolist()
    return ids
