"""Who runs this program, and by which command: what the journal of operations says of each change."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

FROM_PYTHON = "python"
MAX_LENGTH = 2000
"""Maximum number of characters of a recorded command line: `xargs` makes long ones."""


class _Current:
    arguments: Sequence[str] = (FROM_PYTHON,)


@contextmanager
def command(arguments: Sequence[str]) -> Iterator[None]:
    """Record changes within the block as made by a command line; otherwise they are made from Python."""
    before, _Current.arguments = _Current.arguments, arguments
    try:
        yield
    finally:
        _Current.arguments = before


def command_line() -> str:
    """Return the command line that runs now, or `python`."""
    import shlex  # noqa: PLC0415  most commands change nothing, and need not import this

    return _storable(shlex.join(_Current.arguments))


def user_name() -> str:
    """Return the name of the user who runs the program, or their number if they have none."""
    import getpass  # noqa: PLC0415  as above

    try:
        return _storable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # no such user in the password file, as in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _storable(text: str) -> str:
    """Return text that any database accepts; names of files need not be UTF-8."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
