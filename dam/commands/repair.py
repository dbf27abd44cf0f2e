"""`dam-cli repair`: heal what is damaged, from healthy copies."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("repair", epilog=epilog("dam-cli repair --from /media/backup", ExitCode.DAMAGE))
def repair(
    folders: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="DIR", help="Look for sound copies in this folder, too, by content."),
    ] = None,
    content: Annotated[bool, typer.Option("--content", help="Read every file first, as `verify` does.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Verify the library, and repair what is damaged.

    Sound copies of missing and altered blobs are looked for in the mirrors, the quarantine, the recorded sources and
    the folders of --from; they are read back once they are in their places. Misplaced blobs are moved, writable ones
    made read-only. Blobs that no asset owns become assets. Referenced files that were moved are found by content.
    Indexes of the database are rebuilt, and rows that refer to none are deleted.

    Nothing else is deleted: what was damaged is in the quarantine of the store. Changes of rows are one operation of
    the journal. A quick verification sees no rot: run `dam-cli verify --content` before, or give --content.
    """
    from contextlib import closing

    from dam.commands.shared.interruption import summary_when_interrupted
    from dam.core.errors import MalformedDatabaseError
    from dam.render.repair import RepairReport
    from dam.services.library import open_unmarked
    from dam.services.processes.server import default_jobs
    from dam.services.repair.database import beyond_repair
    from dam.services.repair.marker import repair_marker
    from dam.services.repair.repair import repair as run

    report = RepairReport(as_json=json)
    try:
        with open_unmarked() as library:
            for marker in repair_marker(library, dry_run=dry_run):
                report.add(marker)
            results = run(library, folders or (), content=content, threads=default_jobs(), dry_run=dry_run)
            with summary_when_interrupted(report.finish), closing(results):
                for result in results:
                    report.add(result)
    except MalformedDatabaseError as exc:
        report.add(beyond_repair(exc))
    report.finish()
    if report.left:
        raise typer.Exit(ExitCode.DAMAGE)
