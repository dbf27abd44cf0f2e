"""`dam-cli rebuild-db`: make the database again from the store."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JobsOption, JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("rebuild-db", epilog=epilog("dam-cli rebuild-db --run-systems", ExitCode.INPUTS_FAILED, ExitCode.DAMAGE))
def rebuild_db(
    merge: Annotated[
        bool, typer.Option("--merge", help="Bring into the existing database what only the manifest has.")
    ] = False,
    run_systems: Annotated[
        bool, typer.Option("--run-systems", help="Then derive everything else from the files.")
    ] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Make the database again from the store, whose manifest has what cannot be derived from the files.

    Gives back the assets under their ids, with their names, sources and tags, the verdicts, and the journal. A file in
    the store that the manifest does not have becomes an asset named by its SHA-256. What the manifest has and the
    store does not is reported. A database with assets is never replaced: move it away first.

    --merge is for a database that was restored from a backup. What `run-systems` derives is not in the manifest.
    """
    from dam.render.rebuild import RebuildReport
    from dam.services.library import open_library
    from dam.services.rebuild import rebuild

    report = RebuildReport(as_json=json)
    if merge:
        with open_library() as library:
            for item in rebuild.merge(library):
                report.add(item)
    else:
        for item in rebuild.rebuild():
            report.add(item)
    report.finish(tells_next=not run_systems)
    if run_systems:
        from dam.commands.run_systems import run_systems as run

        run(jobs=jobs, json=json)
    if report.damage:
        raise typer.Exit(ExitCode.DAMAGE)
