"""`dam-cli backup`: a copy of the database."""

from typing import Annotated

import typer

from dam.commands.shared.help_text import epilog
from dam.commands.shared.options import JsonOption
from dam.core.errors import ExitCode

app = typer.Typer()


@app.command("backup", epilog=epilog("dam-cli backup /media/disk", ExitCode.NOT_FOUND, ExitCode.DAMAGE))
def backup(
    target: Annotated[
        str | None,
        typer.Argument(metavar="FILE|FOLDER", help="Where to; default: the folder `backups` beside the database."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the backups in the folder instead.")] = False,
    json: JsonOption = False,
) -> None:
    """Make a backup of the SQLite database, also while other commands write to it.

    The copy is checked and durable when the command ends. In the folder beside the database, the newest DAM_BACKUPS (5)
    stay; elsewhere none is removed. The store is not part of it: its files never change, so copy them by any means.
    """
    from pathlib import Path

    from dam.core.config import default_settings
    from dam.render import backup as render
    from dam.services.backup.backup import make_backup
    from dam.services.backup.backups import backup_folder, list_backups

    settings = default_settings()
    path = settings.sqlite_path
    place = Path(target) if target else None
    if target and target.endswith("/") and not Path(target).is_dir():
        raise typer.BadParameter(f"{target} is no folder", param_hint="FILE|FOLDER")
    if list_:
        found = list_backups(place or backup_folder(path))
        render.backups(found, as_json=json)
        if not found:
            raise typer.Exit(ExitCode.NOT_FOUND)
        return
    done = make_backup(path, place, keep=settings.DAM_BACKUPS, lock_timeout=settings.DAM_LOCK_TIMEOUT)
    render.backup(done, as_json=json)
