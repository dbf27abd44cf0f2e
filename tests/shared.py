"""What the workers of one run of the tests share: a folder, and what the first that needs it makes there."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "DAM_TESTS_SHARED"
"""Names the folder; workers inherit the environment of the process that starts them."""


MEMORY = "/dev/shm"
"""Where files of the tests are kept on Linux, if there is room: a library flushes much, and there a flush is free."""
MIN_FREE_BYTES = 4 * 1024**3


def use_memory() -> None:
    """Keep temporary files in memory, if there is room and the user has not named another folder."""
    if "TMPDIR" not in os.environ and os.path.ismount(MEMORY) and shutil.disk_usage(MEMORY).free >= MIN_FREE_BYTES:
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None  # look again


def make_folder() -> None:
    """Make the folder, in the process that starts the workers.

    It is not among pytest's temporary folders: PostgreSQL, which never runs as root, must reach it.
    """
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="dam-tests-")


def remove_folder() -> None:
    """Remove the folder."""
    shutil.rmtree(os.environ.pop(VARIABLE), ignore_errors=True)


def folder() -> Path:
    """Return the folder."""
    return Path(os.environ[VARIABLE])


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one worker at a time into the block."""
    with (folder() / f"{name}.lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a path in the folder, at which the first to ask for it makes something."""
    path = folder() / name
    if not path.exists():
        with locked(name):
            if not path.exists():
                make(unfinished := folder() / f"{name}.unfinished")
                unfinished.rename(path)
    return path


def encoded_once(make: Callable[[], bytes], source: bytes, *options: object) -> bytes:
    """Return what an encoder makes of a source with some options; for the tests, it is called once a run."""
    if VARIABLE not in os.environ:  # a benchmark
        return make()
    key = hashlib.sha256(source + repr((make.__qualname__, options)).encode()).hexdigest()
    return made_once(f"media-{key}", lambda path: path.write_bytes(make())).read_bytes()
