"""`dam-cli restore`: put a backup in the place of the database."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("restore", epilog=epilog("dam-cli restore backups/dam-….sqlite3 --dry-run", ExitCode.DAMAGE))
def restore(
    backup: Annotated[str, typer.Argument(metavar="FILE", help="A backup; see `dam-cli backup --list`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the backup, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Put a copy of a backup in the place of the SQLite database.

    The previous database is kept beside it, as `….before-restore-TIME`. The backup must be of the same library, and no
    other command may run. What was recorded after the backup is in the manifest of the store: `dam-cli rebuild-db
    --merge` brings it back, and `rebuild-db --drop-newer` gives it up.
    """
    from pathlib import Path

    from dam.commands.shared.confirm import confirm
    from dam.core.config import default_settings
    from dam.render import backup as render
    from dam.services.backup.restore import restore_backup
    from dam.storage.local import LocalBlobStore

    settings = default_settings()
    store = LocalBlobStore(settings.ASSET_STORAGE_PATH, umask=settings.umask)
    where, timeout = settings.sqlite_path, settings.DAM_LOCK_TIMEOUT
    planned = restore_backup(Path(backup), where, store, lock_timeout=timeout, dry_run=True)
    if not dry_run:
        confirm(f"replace {planned.database} by {planned.backup}?", yes=yes)
        planned = restore_backup(Path(backup), where, store, lock_timeout=timeout)
    render.restored(planned, is_planned=dry_run, as_json=json)
