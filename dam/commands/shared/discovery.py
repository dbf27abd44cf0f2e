"""Finding the commands: each module of `dam.commands` is one, and has its Typer app as `app`.

A module is imported when its command is asked for. Only the help page of the program and completion ask for all.
"""

import importlib
import pkgutil
from typing import Any

from typer import Typer
from typer.main import get_command_from_info, get_group_from_info
from typer.models import TyperInfo

from dam import commands
from dam.commands.shared.help_group import HelpGroup


def command_names() -> list[str]:
    """Return the names of all commands that have a module, in alphabetical order."""
    return sorted(
        module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__) if not module.ispkg
    )


def load_command(name: str) -> Any:
    """Return the command or the group in the module of a name that `command_names` has given."""
    app: Typer = importlib.import_module(f"{commands.__name__}.{name.replace('-', '_')}").app
    settings: Any = {"pretty_exceptions_short": False, "rich_markup_mode": None}
    if app.registered_callback or len(app.registered_commands) > 1:
        return get_group_from_info(TyperInfo(app, cls=HelpGroup), suggest_commands=True, **settings)
    return get_command_from_info(app.registered_commands[0], **settings)
