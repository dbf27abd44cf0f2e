"""Backups on stdout."""

from collections.abc import Sequence
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.backup.backup import BackupResult
from dam.services.backup.backups import Backup
from dam.services.backup.restore import RestoreResult


def backup(result: BackupResult, *, as_json: bool) -> None:
    """Write a new backup."""
    if as_json:
        write_document(**asdict(result.backup), removed=result.removed)
        return
    line(safe(result.backup.path))
    removed = f"; {counted(len(result.removed), 'older one')} removed" if result.removed else ""
    note(f"{human_size(result.backup.size)}, checked{removed}")


def backups(found: Sequence[Backup], *, as_json: bool) -> None:
    """Write a list of backups."""
    if as_json:
        write_document(backups=found)
        return
    for each in found:
        schema = each.schema_revision or "unreadable"
        line(f"{each.made_at:%Y-%m-%d %H:%M:%S} UTC  schema {schema}  {human_size(each.size)}  {safe(each.path)}")


def restored(result: RestoreResult, *, is_planned: bool, as_json: bool) -> None:
    """Write what was put in place, or would be, and what to do next."""
    if as_json:
        write_document(**asdict(result), dry_run=is_planned)
        return
    line(f"{'would restore' if is_planned else 'restored'}  {safe(result.backup)}")
    line(f"as  {safe(result.database)}")
    if result.kept:
        line(f"previous database  {safe(result.kept)}")
    if result.is_outdated:
        note(f"its schema is {result.schema_revision}: upgrade it with dam-cli setup-db")
    if not is_planned:
        note("dam-cli verify lists what was added to the store after the backup: add it again, or adopt it")
