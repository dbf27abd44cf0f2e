"""The end of every command's help: an example, and the exit codes."""

from dam.core.errors import ExitCode

MEANINGS = {
    ExitCode.DONE: "success",
    ExitCode.NOT_FOUND: "nothing was found",
    ExitCode.USAGE: "invalid usage",
    ExitCode.INPUTS_FAILED: "finished, but some inputs failed",
    ExitCode.DAMAGE: "verification found damage",
    ExitCode.FATAL: "fatal error",
    ExitCode.NO_LIBRARY: "no library, an outdated schema, or a store that does not match the database",
    ExitCode.LOCKED: "timeout waiting for a lock on the database",
    ExitCode.NEWER_SCHEMA: "the schema of the database is newer than the program",
    ExitCode.INTERRUPTED: "interrupted (143: terminated)",
}

_ALWAYS = (ExitCode.USAGE, ExitCode.FATAL)
_LIBRARY = (ExitCode.NO_LIBRARY, ExitCode.LOCKED, ExitCode.NEWER_SCHEMA, ExitCode.INTERRUPTED)

LOOKUP = (ExitCode.NOT_FOUND, ExitCode.INPUTS_FAILED)
"""Exit codes of a command that looks up an asset: there is none, or the file that names it is unreadable."""


def epilog(example: str, *more_codes: int) -> str:
    """Return the end of a help page; `more_codes` are the exit codes that not every command has."""
    codes = sorted({ExitCode.DONE, *_ALWAYS, *_LIBRARY, *more_codes})
    listed = "\n".join(f"  {code:>3}  {MEANINGS[code]}" for code in codes)
    return f"\b\nExample:\n  {example}\n\n\b\nExit codes:\n{listed}"
