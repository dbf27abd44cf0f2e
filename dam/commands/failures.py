"""`dam-cli failures`: recorded failures."""

from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JobsOption, JsonOption
from dam.core.errors import ExitCode

if TYPE_CHECKING:
    from dam.services.library import Library

app = typer.Typer()


@app.command("failures", epilog=epilog("dam-cli failures --retry", ExitCode.NOT_FOUND, ExitCode.INPUTS_FAILED))
def failures(
    retry: Annotated[
        bool, typer.Option("--retry", help="Retry all of them, with the mode and tags of the first attempt.")
    ] = False,
    forget: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="Forget that this path could not be read.")
    ] = None,
    forget_gone: Annotated[bool, typer.Option("--forget-gone", help="Forget paths that no longer exist.")] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """List, retry or forget recorded failures: unreadable paths and undecodable assets."""
    from itertools import chain

    from dam.render import failures as render
    from dam.services.catalogue.failures import forget_on_request, undecodable, unreadable
    from dam.services.library import open_library

    if retry and (forget or forget_gone):
        raise typer.BadParameter("--retry cannot be combined with --forget or --forget-gone")
    with open_library() as library:
        if forget or forget_gone:
            chosen = forget_on_request(library, forget or (), gone=forget_gone)
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
    with open_pool(jobs) as pool:
        with files, closing(retry_unreadable(library, pool=pool)) as outcomes:
            for outcome in outcomes:
                files.add(outcome)
        files.finish()
        with assets:
            for update in run_systems(library, retry_failed=True, pool=pool):
                assets.add(update)
        assets.finish()
    if files.problems or assets.problems:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
