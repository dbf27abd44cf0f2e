"""`dam-cli verify`: compare the store with the database."""

from typing import Annotated

import typer

from dam.commands.shared.asset_words import AssetsArgument, NullIdsOption, QueryOption, chosen_assets
from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode, UsageError

app = typer.Typer()


@app.command("verify", epilog=epilog("dam-cli verify --content --max-time 30m", ExitCode.DAMAGE))
def verify(
    assets: AssetsArgument = None,
    query: QueryOption = None,
    null: NullIdsOption = False,
    content: Annotated[bool, typer.Option("--content", help="Read every file and compare its digest.")] = False,
    max_time: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stop reading after this time, such as 30m; see below.")
    ] = None,
    subset: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Read this part of the bytes, such as 5%; see below.")
    ] = None,
    quarantine: Annotated[
        bool, typer.Option(help="Move blobs that were read and are damaged to the quarantine of the store.")
    ] = True,
    min_copies: Annotated[
        int, typer.Option(min=1, help="Minimum number of copies of each content, in the store and its mirrors.")
    ] = 1,
    store: Annotated[
        str | None, typer.Option(metavar="NAME", help="Verify this mirror instead; see `dam-cli store`.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare the store with the database, and the database with itself; report every problem.

    With assets or a query, only their content is verified.

    What was read least recently is read first, and its date is recorded. --max-time and --subset imply --content, and
    check only presence and size of what they do not come to; run again, they go on there. Damage that was read goes
    to the quarantine, where nothing is deleted: `dam-cli repair` puts a sound copy in its place, and so does
    `add-asset` of the same file.
    """
    from contextlib import closing
    from itertools import chain

    from dam.commands.shared.amounts import percent, seconds
    from dam.commands.shared.interruption import summary_when_interrupted
    from dam.core.errors import MalformedDatabaseError
    from dam.render.progress import progress
    from dam.render.verify import VerifyReport
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import find_mirror, open_mirror
    from dam.services.processes.server import default_jobs
    from dam.services.verify.copies import too_few_copies
    from dam.services.verify.findings import IntactAsset
    from dam.services.verify.verify import Limits, bytes_within, damaged_database
    from dam.services.verify.verify import verify as run

    if store and min_copies > 1:
        raise UsageError("--store and --min-copies cannot be combined")
    limits = Limits(
        seconds(max_time, "--max-time") if max_time else None, percent(subset, "--subset") if subset else None
    )
    content = content or limits != Limits()
    report = VerifyReport(as_json=json)
    try:
        with open_library() as library:
            mirror = find_mirror(library, store) if store else None
            chosen = chosen_assets(library, assets, query, null=null) if assets or query is not None else None
            results = run(
                library,
                content=content,
                threads=default_jobs(),
                quarantine=quarantine,
                limits=limits,
                mirror=open_mirror(library, mirror) if mirror else None,
                among=chosen,
            )
            count = None if chosen is not None else lambda: bytes_within(library, limits)
            copies = too_few_copies(library, min_copies) if min_copies > 1 else iter(())
            with (
                summary_when_interrupted(report.finish),
                closing(results),
                progress(count=count, max_seconds=limits.seconds) as bar,
            ):
                for result in chain(results, copies):
                    report.add(result)
                    if isinstance(result, IntactAsset) and (result.is_read or limits == Limits()):
                        bar.advance(f"entity {result.entity_id}", result.size)
    except MalformedDatabaseError as exc:  # so badly that it cannot be opened
        report.add(damaged_database(exc))
    report.finish()
    if report.damage:
        raise typer.Exit(ExitCode.DAMAGE)
