"""The library itself on stdout: its location, and the result of a set-up."""

from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import human_size, line, note, safe
from dam.services.info import Info
from dam.services.setup import SetupResult


def info(described: Info, *, as_json: bool) -> None:
    """Write where a library is and what it holds."""
    if as_json:
        write_document(**asdict(described))
        return
    line(f"database  {safe(described.database_url)}")
    line(f"store     {safe(described.storage_path)}")
    line(f"library   {described.library_id}")
    line(f"holds     {described.entities:,} entities, {human_size(described.bytes)}")
    if described.trashed:
        line(f"trash     {described.trashed:,} entities, {human_size(described.trashed_bytes)}")
    line(f"schema    {described.schema_revision}")
    versions = ", ".join(f"{name} {found or '-'}" for name, found in described.versions.items())
    line(f"versions  {versions}")


def setup(result: SetupResult, *, as_json: bool) -> None:
    """Write the result of a set-up."""
    if as_json:
        write_document(
            library_id=result.library_id,
            before=result.before,
            schema_revision=result.after,
            backup=result.backup,
        )
    elif result.before == result.after:
        line(f"the library is up to date at schema {result.after}")
    elif result.before is None:
        line(f"set up a library at schema {result.after}")
    else:
        line(f"upgraded the library from schema {result.before} to {result.after}")
        note(f"backup before the upgrade: {safe(result.backup)}" if result.backup else "no backup was made before it")
