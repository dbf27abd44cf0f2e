"""Arguments and options that several commands have."""

from typing import Annotated

import typer

from dam.services.similar.options import Agreement, ImageOptions

AssetArgument = Annotated[str, typer.Argument(metavar="ASSET", help="An entity id, a hash or hash prefix, or a path.")]

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON; see doc/json.md.")]

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")]

YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask. Required without a terminal.", show_default=False)
]


def _tell_of_no_limits(jobs: int | None) -> int | None:
    if jobs == 0:
        from dam.render.text import note

        note("dam-cli: --jobs 0: files are decoded without limits of time and memory")
    return jobs


JobsOption = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--jobs",
        min=0,
        help="Worker processes; 0: none, and no limits of time and memory.",
        show_default="one per core",
    ),
]

QuietOption = Annotated[bool, typer.Option("-q", "--quiet", help="Write nothing but problems.")]

VerboseOption = Annotated[
    bool, typer.Option("-v", "--verbose", help="List every file, also on a terminal, and what is skipped.")
]

FilesFromOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="Read more paths from FILE, one per line; - reads stdin.")
]

NullOption = Annotated[bool, typer.Option("-0", "--null", help="Paths in FILE end with NUL instead of a newline.")]

ThresholdOption = Annotated[
    int, typer.Option(max=64, help="Maximum Hamming distance, 0–64; negative disables this hash.")
]

MatchOption = Annotated[Agreement, typer.Option(help="How many of the hashes must be within their threshold.")]


def image_options(phash: int, ahash: int, dhash: int, match: Agreement, *, transforms: bool = False) -> ImageOptions:
    """Return what makes two images similar.

    Raises:
        UsageError: every hash is disabled, or the pHash with `transforms`.

    """
    return ImageOptions({"phash": phash, "ahash": ahash, "dhash": dhash}, match, transforms)
