"""`dam-cli check`: which of some files the library has."""

from contextlib import closing
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import FilesFromOption, JobsOption, JsonOption, NullOption
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dam.render.check import CheckReport
    from dam.services.check.check import CheckOptions

app = typer.Typer()


class Printed(StrEnum):
    """Which paths `--print0` writes."""

    NEW = "new"
    HAVE = "have"
    SIMILAR = "similar"


@app.command(
    "check",
    epilog=epilog("dam-cli check /media/card --print0 new", ExitCode.NOT_FOUND, ExitCode.INPUTS_FAILED),
)
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH", help="Files and folders; - reads paths from stdin.")
    ] = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    sums: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Look up the checksums in FILE, as sha256sum writes it; - reads stdin."),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Do not look for similar assets.")] = False,
    rehash: Annotated[bool, typer.Option("--rehash", help="Also read files that look unchanged.")] = False,
    print0: Annotated[
        Printed | None, typer.Option("--print0", help="Write only these paths, each ending with NUL.")
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not list files that the library has.")] = False,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Tell which files the library has, and write nothing.

    \b
    For each file:
      have     the library has the same content, and it is in its place
      similar  it has not, but something similar: the nearest asset is named
      new      it has neither

    A file that has not changed since it was added is not read. Similarity is decided as by find-similar. The exit code
    is 0 if the library has all files, and 1 if some are similar or new.
    """  # noqa: D301  a real backspace keeps the lines that follow
    if paths == ["-"]:
        paths, files_from = [], "-"
    if (sums is None) == (not paths and files_from is None):
        raise typer.BadParameter("give at least one PATH, or --files-from, or --sums")
    if json and print0:
        raise UsageError("--json and --print0 cannot be combined")

    from dam.render.check import CheckReport
    from dam.services.check.check import CheckOptions
    from dam.services.check.outcome import Status

    report = CheckReport(as_json=json, quiet=quiet, print0=Status(print0) if print0 else None)
    if sums is not None:
        _check_sums(report, sums)
    else:
        ends = b"\0" if null else b"\n"
        _check_files(report, paths or [], (files_from, ends), CheckOptions(exact, rehash), jobs)
    report.finish()
    if report.counts[Status.FAILED]:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if report.counts[Status.NEW] or report.counts[Status.SIMILAR]:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _check_sums(report: "CheckReport", name: str) -> None:
    from dam.commands.shared.path_list import open_input
    from dam.services.check.check import check_sums
    from dam.services.check.sums import read_sums
    from dam.services.library import open_library

    with open_library() as library, open_input(name) as lines:
        for file in check_sums(library, read_sums(lines, name)):
            report.add(file)


def _check_files(
    report: "CheckReport", paths: list[str], listed: tuple[str | None, bytes], options: "CheckOptions", jobs: int | None
) -> None:
    from dam.commands.shared.path_list import read_paths
    from dam.services.check.check import check as check_files
    from dam.services.library import open_library
    from dam.services.processes.pool import open_pool

    more = read_paths(listed[0], listed[1]) if listed[0] else []
    with (
        open_library() as library,
        open_pool(jobs) as pool,
        closing(check_files(library, chain([paths], more), options, pool=pool)) as files,
    ):
        for file in files:
            report.add(file)
