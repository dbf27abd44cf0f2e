"""`dam-cli open`: an asset in the program that the desktop has for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import typer

from dam.commands.shared.help_text import LOOKUP, epilog
from dam.commands.shared.options import AssetArgument, JsonOption
from dam.core.errors import DamError

app = typer.Typer()


@app.command("open", epilog=epilog("dam-cli open 42", *LOOKUP))
def open_asset(asset: AssetArgument, json: JsonOption = False) -> None:
    """Open an asset in the program that the desktop has for it.

    The program gets a read-only copy with the name of the source, in the cache of the user, so that it cannot change
    the store; a copy is removed after a week. An asset that is only referenced is opened at its source.
    """
    from dam.render import where as render
    from dam.services.catalogue.lookup import find_one_asset, read_reference
    from dam.services.catalogue.whereabouts import whereabouts
    from dam.services.export.opened import file_to_open
    from dam.services.library import open_library
    from dam.services.mirrors.mirrors import open_mirrors

    with open_library() as library:
        named = read_reference(asset)
        with library.read() as session:
            entity_id = find_one_asset(session, named)
        [found] = whereabouts(library, [entity_id], [mirror.store for mirror in open_mirrors(library)[0]])
        path = file_to_open(library.store, found)
    _hand_over(path)
    render.opened(str(path), as_json=json)


def _hand_over(path: Path) -> None:
    """Give a file to the desktop.

    Raises:
        DamError: there is no desktop, or no program for it.

    """
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606  the file of the user, by its program
        return
    name = "open" if sys.platform == "darwin" else "xdg-open"
    program = shutil.which(name)
    if program is None:
        raise DamError(f"there is no desktop to open files with ({name} is missing): the file is {path}")
    done = subprocess.run([program, path], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise DamError(f"{name} cannot open it (exit code {done.returncode}): the file is {path}")
