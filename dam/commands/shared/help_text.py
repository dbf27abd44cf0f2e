"""The end of every command's help: an example, and the exit codes."""

from dam.core.errors import ExitCode

MEANINGS = {
    ExitCode.DONE: "done, or something was found",
    ExitCode.NOT_FOUND: "nothing was found",
    ExitCode.USAGE: "the command's words are off",
    ExitCode.INPUTS_FAILED: "finished, but some inputs failed",
    ExitCode.DAMAGE: "verification found damage",
    ExitCode.FATAL: "a fatal error",
    ExitCode.NO_LIBRARY: "no library, an older schema, or a store that does not belong to the database",
    ExitCode.LOCKED: "the database was locked past the timeout",
    ExitCode.NEWER_SCHEMA: "the database's schema is newer than the program",
    ExitCode.INTERRUPTED: "interrupted (143: terminated)",
}

_ALWAYS = (ExitCode.USAGE, ExitCode.FATAL)
_LIBRARY = (ExitCode.NO_LIBRARY, ExitCode.LOCKED, ExitCode.NEWER_SCHEMA, ExitCode.INTERRUPTED)

LOOKUP = (ExitCode.NOT_FOUND, ExitCode.INPUTS_FAILED)
"""The codes of a command that looks for an asset: there may be none, or the file that names it is unreadable."""


def epilog(example: str, *more_codes: int) -> str:
    """Return the end of a help page; `more_codes` are those that not every command has."""
    codes = sorted({ExitCode.DONE, *_ALWAYS, *_LIBRARY, *more_codes})
    listed = "\n".join(f"  {code:>3}  {MEANINGS[code]}" for code in codes)
    return f"\b\nExample:\n  {example}\n\n\b\nExit codes:\n{listed}"
