"""`dam-cli verify`: compare the store with the database."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("verify", epilog=epilog("dam-cli verify --content", ExitCode.DAMAGE))
def verify(
    content: Annotated[bool, typer.Option("--content", help="Read every file and compare its digests.")] = False,
    json: JsonOption = False,
) -> None:
    """Compare the store with the database; report missing, altered, orphaned and dangling files."""
    from contextlib import closing

    from dam.render.progress import progress
    from dam.render.verify import VerifyReport
    from dam.services.info import describe
    from dam.services.library import open_library
    from dam.services.processes.server import default_jobs
    from dam.services.verify import IntactAsset
    from dam.services.verify import verify as run

    report = VerifyReport(as_json=json)
    with (
        open_library() as library,
        closing(run(library, content=content, threads=default_jobs())) as results,
        progress(count=lambda: describe(library).bytes) as bar,
    ):
        for result in results:
            report.add(result)
            if isinstance(result, IntactAsset):
                bar.advance(f"entity {result.entity_id}", result.size)
    report.finish()
    if report.damage:
        raise typer.Exit(ExitCode.DAMAGE)
