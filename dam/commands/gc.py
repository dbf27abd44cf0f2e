"""`dam-cli gc`: remove the blobs that no asset has."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import DryRunOption, JsonOption, YesOption

app = typer.Typer()


@app.command("gc", epilog=epilog("dam-cli gc --dry-run"))
def gc(
    grace: Annotated[
        str, typer.Option(metavar="TIME", help="Keep blobs that are younger than this, by the clock of the store.")
    ] = "1h",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Remove the blobs in the store that no asset has, and tell what space that frees.

    These are the contents of assets that `trash empty` has removed, and leftovers of ingests that were killed. What is
    in the trash is kept. While an ingest runs, nothing is removed: exit code 11.
    """
    from contextlib import closing

    from dam.commands.shared.amounts import seconds
    from dam.commands.shared.confirm import confirm
    from dam.commands.shared.interruption import summary_when_interrupted
    from dam.render.trash import GarbageReport
    from dam.services.journal.gc import collect_garbage
    from dam.services.library import open_library

    age = seconds(grace, "--grace")
    if not dry_run:
        confirm("Remove all blobs that no asset has?", yes=yes)
    report = GarbageReport(as_json=json, dry_run=dry_run)
    with (
        summary_when_interrupted(report.finish),
        open_library() as library,
        closing(collect_garbage(library, grace=age, dry_run=dry_run)) as found,
    ):
        for garbage in found:
            report.add(garbage)
    report.finish()
