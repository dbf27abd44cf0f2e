"""`dam-cli run-systems`: bring components up to date."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JobsOption, JsonOption, QuietOption, VerboseOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("run-systems", epilog=epilog("dam-cli run-systems", ExitCode.INPUTS_FAILED))
def run_systems(
    thumbnails: Annotated[bool, typer.Option("--thumbnails", help="Then make all missing thumbnails.")] = False,
    jobs: JobsOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    json: JsonOption = False,
) -> None:
    """Bring assets up to date with the current systems. Runs only systems that have not run yet."""
    from itertools import chain

    from dam.render.ingest import UpdateReport, what_to_list
    from dam.render.progress import progress
    from dam.services.ingest.run_systems import bytes_to_read
    from dam.services.ingest.run_systems import run_systems as run
    from dam.services.library import open_library
    from dam.services.processes.pool import open_pool
    from dam.services.thumbnails import make_missing

    report = UpdateReport(as_json=json, lists=what_to_list(quiet=quiet, verbose=verbose))
    with (
        report,
        open_library() as library,
        open_pool(jobs) as pool,
        progress(quiet=quiet, count=lambda: bytes_to_read(library)) as bar,
    ):
        for update in chain(run(library, pool=pool), make_missing(library, pool) if thumbnails else ()):
            report.add(update)
            bar.advance(f"entity {update.entity_id}", update.size)
    report.finish()
    if report.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
