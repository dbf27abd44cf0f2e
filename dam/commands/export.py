"""`dam-cli export`: assets into a folder."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.asset_words import STDIN, NullIdsOption, read_ids
from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import DryRunOption, JsonOption
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dam.services.library import Library

app = typer.Typer()


class ExportMode(StrEnum):
    """How files are written."""

    COPY = "copy"
    REFLINK = "reflink"
    HARDLINK = "hardlink"


class XmpName(StrEnum):
    """How sidecars are named."""

    FULL = "full"
    STEM = "stem"


@app.command(
    "export",
    epilog=epilog(
        "dam-cli export tag:holiday --to ~/Holiday --name '{taken:%Y/%m|undated}/{original_filename}'",
        ExitCode.NOT_FOUND,
        ExitCode.INPUTS_FAILED,
    ),
)
def export(
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY", help="Assets to export; see doc/query.md. - reads ids on stdin. Default: all."),
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", "-o", metavar="DIR", help="The folder; it is made.")],
    name: Annotated[
        str, typer.Option("--name", metavar="TEMPLATE", help="Names of the files below DIR; see doc/export.md.")
    ] = "{original_filename}",
    mode: Annotated[ExportMode, typer.Option(help="How to write the bytes: see below.")] = ExportMode.COPY,
    windows: Annotated[bool, typer.Option("--windows", help="Give names that are legal on Windows.")] = False,
    metadata: Annotated[bool, typer.Option("--metadata", help="Write metadata.jsonl, a line for each file.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write metadata.parquet instead.")] = False,
    bag: Annotated[bool, typer.Option("--bag", help="Make DIR a BagIt bag, with metadata.")] = False,
    xmp: Annotated[bool, typer.Option("--xmp", help="Write an XMP sidecar for each file.")] = False,
    xmp_name: Annotated[
        XmpName, typer.Option("--xmp-name", help="Name of sidecars: photo.jpg.xmp (full) or photo.xmp (stem).")
    ] = XmpName.FULL,
    null: NullIdsOption = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not list files that succeeded.")] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Export assets into a folder.

    Every file is read back and compared before it gets its name. Nothing in DIR is replaced, but for metadata and
    sidecars of an earlier export. Of assets with the same name, all but the first get digits of their SHA-256 in it.
    The same command again continues where the last one was interrupted: files that are there with the right content are
    left as they are.

    \b
    Modes:
      copy      copy the bytes
      reflink   share them with the store, until one of both changes; an asset for which that is impossible fails
      hardlink  make hard links to the files of the store: writing to one would damage the library
    """  # noqa: D301  a real backspace keeps the lines that follow
    from dam.render.export import ExportReport
    from dam.render.text import note
    from dam.services.export.export import export as export_assets
    from dam.services.export.outcome import ExportOptions, SidecarName, Status
    from dam.services.library import open_library
    from dam.storage.modes import Mode

    style = SidecarName(xmp_name) if xmp else None
    options = ExportOptions(name, Mode(mode), windows, metadata, parquet, bag, style, dry_run)
    report = ExportReport(as_json=json, quiet=quiet, dry_run=dry_run)
    with open_library() as library:
        ids = _chosen(library, query or [], null=null)
        with closing(export_assets(library, ids, to, options)) as exported:
            for done in exported:
                report.add(done)
    report.finish()
    if not ids:
        note("dam-cli: no asset matches")
        raise typer.Exit(ExitCode.NOT_FOUND)
    if report.counts[Status.FAILED]:
        raise typer.Exit(ExitCode.INPUTS_FAILED)


def _chosen(library: "Library", words: list[str], *, null: bool) -> list[int]:
    """Return the ids of the assets to export, ascending."""
    if STDIN in words:
        if len(words) > 1:
            raise UsageError("give either a QUERY, or - for ids on stdin")
        return sorted(set(read_ids(null=null)))
    from dam.services.query.select import find_page

    return sorted(find_page(library, " ".join(words)))
