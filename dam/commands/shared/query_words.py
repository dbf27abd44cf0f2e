"""The words of a query on the command line: one that begins with a dash needs no `--` before it, once there is one."""

from typing import Any

from typer.core import TyperCommand


class QueryCommand(TyperCommand):
    """A command whose arguments are the words of a query."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Sort the arguments into options and words."""
        takes_value = {
            name: not getattr(option, "is_flag", False) and not getattr(option, "count", False)
            for option in self.get_params(ctx)
            for name in (*option.opts, *option.secondary_opts)
            if name.startswith("-")
        }
        options, words = _sorted(list(args), takes_value)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)


def _sorted(args: list[str], takes_value: dict[str, bool]) -> tuple[list[str], list[str]]:
    options: list[str] = []
    words: list[str] = []
    while args:
        arg = args.pop(0)
        if arg == "--":
            return options, words + args
        name = arg.partition("=")[0] if arg.startswith("--") else arg
        # -tag:sea is a word, -n5 an option, and -fjson a word after others
        has_value = arg[:2] in takes_value and (not words or arg[2:].isdecimal())
        if name in takes_value or arg.startswith("--") or has_value:
            options.append(arg)
            if takes_value.get(name) and "=" not in arg and args:
                options.append(args.pop(0))
        else:
            words.append(arg)
    return options, words
