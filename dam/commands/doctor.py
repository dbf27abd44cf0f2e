"""`dam-cli doctor`: check the installation, the database and the store."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("doctor", epilog=epilog("dam-cli doctor --test-store", ExitCode.DAMAGE))
def doctor(
    test_store: Annotated[
        bool,
        typer.Option("--test-store", help="Also write, link, lock and read back in a temporary folder of the store."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check the installation, the settings, the database and the store, and say what to do.

    It works without a library, too, and writes nothing but with --test-store. Warnings do not change the exit code.
    The content of the files is not read: see `dam-cli verify`.
    """
    from dam.render.doctor import DoctorReport
    from dam.services.doctor.doctor import examine

    report = DoctorReport(as_json=json)
    for check in examine(test_store=test_store):
        report.add(check)
    report.finish()
    if report.failures:
        raise typer.Exit(ExitCode.DAMAGE)
