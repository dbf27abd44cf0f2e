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
    drop_newer: Annotated[
        bool, typer.Option("--drop-newer", help="Give up what only the manifest has, and keep the database as it is.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --drop-newer: only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --drop-newer: do not ask.")] = False,
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
    --drop-newer is for one that was restored to take back what came after. The files of the assets that it gives up
    stay in the store, for `gc` to collect, or for `repair` to adopt.
    """
    if drop_newer:
        if merge or run_systems:
            raise typer.BadParameter("--drop-newer goes with neither --merge nor --run-systems")
        _drop_newer(dry_run=dry_run, yes=yes, as_json=json)
        return
    if dry_run or yes:
        raise typer.BadParameter("--dry-run and --yes are for --drop-newer")
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


def _drop_newer(*, dry_run: bool, yes: bool, as_json: bool) -> None:
    from dam.commands.shared.confirm import confirm
    from dam.render.rebuild import write_dropped
    from dam.render.text import counted
    from dam.services.library import open_library
    from dam.services.rebuild.drop_newer import drop_newer

    with open_library() as library:
        dropped = drop_newer(library, dry_run=True)
        if dropped.batches and not dry_run:
            what = f"{counted(dropped.batches, 'transaction')} with {counted(dropped.assets, 'new asset')}"
            confirm(f"give up {what}?", yes=yes)
            dropped = drop_newer(library)
    write_dropped(dropped, is_planned=dry_run, as_json=as_json)
