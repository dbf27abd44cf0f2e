"""Ask before something is replaced or removed."""

import sys

import typer

from dam.core.errors import UsageError


def confirm(question: str, *, yes: bool) -> None:
    """Ask on a terminal, unless the user said `--yes`; Abort on a no.

    Raises:
        UsageError: there is no terminal, and no `--yes`.

    """
    from dam.render.text import safe

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to ask on: say --yes, or first --dry-run")
    typer.confirm(safe(question), abort=True, err=True)
