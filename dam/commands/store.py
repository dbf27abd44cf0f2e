"""`dam-cli store`: second stores with copies of the blobs."""

from pathlib import Path
from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import DryRunOption, JsonOption, YesOption
from dam.core.errors import ExitCode

app = typer.Typer(name="store", help="Keep copies of the blobs in second stores, the mirrors.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name of a mirror.")]


@app.command("add", epilog=epilog("dam-cli store add usb /media/usb/dam"))
def add(
    name: NameArgument,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An empty folder, best on another disk.")],
    json: JsonOption = False,
) -> None:
    """Make a folder a mirror: `store sync` copies the blobs there.

    A mirror has the layout and the marker of the store. A folder that was a mirror of this library before is taken up
    again.
    """
    from dam.render import mirrors as render
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import add_mirror, is_on_same_disk

    with open_library() as library:
        mirror = add_mirror(library, name, folder)
        is_same = is_on_same_disk(library, mirror)
    render.added(mirror, is_on_same_disk=is_same, as_json=json)


@app.command("ls", epilog=epilog("dam-cli store ls", ExitCode.NOT_FOUND))
def list_stores(json: JsonOption = False) -> None:
    """List the mirrors, and whether each can be used now."""
    from dam.render import mirrors as render
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import mirror_states

    with open_library() as library:
        states = mirror_states(library)
    render.states(states, as_json=json)
    if not states:
        raise typer.Exit(ExitCode.NOT_FOUND)


@app.command("rm", epilog=epilog("dam-cli store rm usb", ExitCode.NOT_FOUND))
def remove(name: NameArgument, json: JsonOption = False) -> None:
    """Forget a mirror. Its files stay where they are."""
    from dam.render import mirrors as render
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import forget_mirror

    with open_library() as library:
        mirror = forget_mirror(library, name)
    render.forgotten(mirror, as_json=json)


@app.command("sync", epilog=epilog("dam-cli store sync", ExitCode.INPUTS_FAILED, ExitCode.NOT_FOUND))
def synchronise(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A mirror; default: all.")] = None,
    json: JsonOption = False,
) -> None:
    """Copy to the mirrors the blobs and the manifest that they lack, and read each copy back.

    Nothing is deleted, neither here nor there: what was removed for good stays in a mirror until `store clean`. An
    interrupted run continues when it is run again. Blobs that cannot be read or are damaged are named, and not copied.
    """
    from contextlib import closing

    from dam.commands.shared.interruption import summary_when_interrupted
    from dam.core.errors import NotFoundError
    from dam.render.mirrors import SyncReport
    from dam.render.progress import progress
    from dam.services.journal.purged_copies import purged_copies
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import find_mirror, list_mirrors, open_mirror
    from dam.services.mirrors.sync import sync

    failed = False
    with open_library() as library:
        mirrors = [find_mirror(library, name)] if name else list_mirrors(library)
        if not mirrors:
            raise NotFoundError("there are no mirrors: dam-cli store add makes one")
        for mirror in mirrors:
            report = SyncReport(mirror, as_json=json)
            opened = open_mirror(library, mirror)
            with summary_when_interrupted(report.finish):
                with closing(sync(library, opened)) as results, progress() as bar:
                    for result in results:
                        report.add(result)
                        bar.advance(result.sha256, result.size)
                for _, size in purged_copies(library, opened):
                    report.add_purged(size)
            report.finish()
            failed = failed or report.failed > 0
    if failed:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


@app.command("clean", epilog=epilog("dam-cli store clean usb --dry-run", ExitCode.INPUTS_FAILED, ExitCode.NOT_FOUND))
def clean(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A mirror; default: all.")] = None,
    grace: Annotated[
        str, typer.Option(metavar="TIME", help="Keep copies that are younger than this, by the clock of the mirror.")
    ] = "1h",
    last_copies: Annotated[bool, typer.Option("--last-copies", help="Remove what no other mirror has, too.")] = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Remove from the mirrors what `trash empty` has removed for good.

    A copy that no other mirror has is kept, and the exit code is 3: see --last-copies. The other copies are read. What
    no asset has for another reason, as after a loss of the database, stays. While an ingest runs, nothing is removed:
    exit code 11.
    """
    from contextlib import closing

    from dam.commands.shared.amounts import seconds
    from dam.commands.shared.confirm import confirm
    from dam.commands.shared.interruption import summary_when_interrupted
    from dam.core.errors import NotFoundError
    from dam.render.mirrors import CleanReport
    from dam.services.journal.purged_copies import clean as run
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import find_mirror, list_mirrors, open_mirror, open_mirrors

    age = seconds(grace, "--grace")
    kept = False
    with open_library() as library:
        mirrors = [find_mirror(library, name)] if name else list_mirrors(library)
        if not mirrors:
            raise NotFoundError("there are no mirrors: dam-cli store add makes one")
        if not dry_run:
            confirm("Remove from the mirrors what was removed from the library for good?", yes=yes)
        others, _ = open_mirrors(library)
        for mirror in mirrors:
            report = CleanReport(mirror, as_json=json, dry_run=dry_run)
            opened = open_mirror(library, mirror)
            results = run(library, opened, others, grace=age, last_copies=last_copies, dry_run=dry_run)
            with summary_when_interrupted(report.finish), closing(opened.store), closing(results):
                for result in results:
                    report.add(result)
            report.finish()
            kept = kept or report.kept > 0
    if kept and not dry_run:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
