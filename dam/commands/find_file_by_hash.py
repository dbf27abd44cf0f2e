"""`dam-cli find-file-by-hash`: assets by their hashes, or by files with the same content."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dam.services.catalogue.hash_queries import HashQuery

app = typer.Typer()


@app.command("find-file-by-hash", epilog=epilog("dam-cli find-file-by-hash 9f86d081", *LOOKUP))
def find_file_by_hash(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="HASH|FILE",
            help="Hashes, or prefixes of 8 or more digits; files; - reads them from stdin.",
        ),
    ] = None,
    hash_type: Annotated[str | None, typer.Option(metavar="sha256|md5", help="Hash type; default: both.")] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", "-f", metavar="FILE", help="Look up the content of this file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Find assets by hash, or by a file with the same content.

    A hash is the SHA-256 or MD5 of the content, or a prefix of one. What is a hash, and the name of a file as well, is
    a hash: write ./NAME, or --file. With several, exit code 1 means that none was found.
    """
    from dam.render import assets as render
    from dam.render.text import note, safe
    from dam.services.catalogue.hash_queries import look_up
    from dam.services.catalogue.lookup import DIGITS
    from dam.services.library import open_library

    if not words and not file:
        raise typer.BadParameter("give at least one HASH or FILE")
    if hash_type not in (None, *DIGITS):
        raise typer.BadParameter(f"{hash_type!r} is neither sha256 nor md5", param_hint="--hash-type")
    if hash_type and not words:
        raise UsageError("--hash-type is the type of a HASH: a file has no other")
    queries = list(_queries(words or [], hash_type, file or []))
    any_found = any_failed = False
    with open_library() as library:
        for query in look_up(library, queries):
            render.hash_query(query, alone=len(queries) == 1, as_json=json)
            if query.problem:
                note(f"dam-cli: {safe(query.problem)}")
            any_found, any_failed = any_found or bool(query.matches), any_failed or query.error is not None
    if any_failed:
        raise typer.Exit(ExitCode.INPUTS_FAILED)
    if not any_found:
        raise typer.Exit(ExitCode.NOT_FOUND)


def _queries(words: list[str], hash_type: str | None, files: list[str]) -> "Iterator[HashQuery]":
    from dam.commands.shared.path_list import read_paths
    from dam.services.catalogue.hash_queries import file_query, hash_query

    for word in words:
        listed = [word] if word != "-" else [line for lines in read_paths("-", b"\n") for line in lines]
        for text in listed:
            yield hash_query(text, hash_type)
    yield from map(file_query, files)
