"""Write a file that the user named: never in place of another one unless asked to, and never through a link."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from dam.core.errors import UsageError


def is_stream(path: Path) -> bool:
    """Return whether a path leads to a pipe or a character device, which is written to and not replaced."""
    with suppress(OSError):
        mode = path.stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
    return False


def check_output(path: Path, *, replace: bool) -> None:
    """Check that a path can be written to: a stream, nothing yet, or with `replace` a file.

    Raises:
        UsageError: something is there that must not be replaced.

    """
    if is_stream(path) or not os.path.lexists(path):
        return
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise UsageError(f"{path} is not a file")
    if not replace:
        raise UsageError(f"{path} exists: use --force to replace it")


def write_output(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file, or into a stream. With `replace`, a link is replaced itself, and a file at once.

    Raises:
        UsageError: something is there that must not be replaced.
        OSError: it cannot be written.

    """
    check_output(path, replace=replace)
    if is_stream(path):
        with path.open("wb", buffering=0) as stream:
            rest = memoryview(content)
            while rest:
                rest = rest[stream.write(rest) :]
        return
    temporary = path.with_name(f".{uuid4().hex}")
    try:
        temporary.write_bytes(content)
        _put(temporary, path, replace=replace)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _put(temporary: Path, path: Path, *, replace: bool) -> None:
    """Give a file its name. Without `replace`, nothing that appears meanwhile is replaced."""
    if not replace:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise UsageError(f"{path} exists: use --force to replace it") from None
        except OSError:  # the file system has no hard links
            check_output(path, replace=False)
        else:
            return
    os.replace(temporary, path)
