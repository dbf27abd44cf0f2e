"""Groups of commands whose help page has the whole first sentence of each: Typer cuts it in the middle."""

from typing import Any

from typer.core import TyperGroup

WHOLE = 10_000
"""Maximum number of characters of a sentence: more than any has."""


class HelpGroup(TyperGroup):
    """A group of commands."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the name and the first sentence of each command."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(WHOLE)) for name, command in found if command and not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
