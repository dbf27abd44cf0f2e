"""Runs `dam-cli` in this process, which saves the start of an interpreter and all imports.

The command gets its own arguments, environment, folder, standard streams and settings. What it changes of the process
(signal handlers, logging, the garbage collector, the settings and what was made of them) is put back at its end.
"""

import gc
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from dam.cli import app
from dam.core import database, interrupts
from dam.services import file_storage

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AT_RUN_TIME = ("DATABASE_URL", "ASSET_STORAGE_PATH", "HOME", "DAM_")
"""How the names of variables begin that no library reads when it is imported, and Python does not when it starts."""


def at_start(env: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that is read as Python starts or a library is imported."""
    return {name: value for name, value in env.items() if not name.startswith(AT_RUN_TIME)}


def run(
    arguments: Sequence[str | bytes | Path],
    env: Mapping[str, str],
    cwd: Path,
    input: bytes | None,  # noqa: A002  as above
) -> "subprocess.CompletedProcess[bytes]":
    """Run `dam-cli` to its end, as `subprocess.run` does with `capture_output`.

    The streams are files: a test of pipes or terminals starts a process.
    """
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(input or b"")
        stdin.seek(0)
        with _environment(env, cwd), as_new(), _streams(stdin, stdout, stderr):
            code = _call([os.fsdecode(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, code, _content(stdout), _content(stderr))


def _call(arguments: list[str]) -> int:
    try:
        app(args=arguments, prog_name="dam-cli")
    except SystemExit as exc:
        sys.stdout.flush()
        return int(exc.code or 0)
    raise AssertionError("the program exits")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def forget() -> None:
    """Forget the settings of this process and what was made of them: the next to ask reads its environment."""
    database.reset()
    file_storage._store_in.cache_clear()


@contextmanager
def _environment(env: Mapping[str, str], cwd: Path) -> Iterator[None]:
    before, here = dict(os.environ), os.open(".", os.O_RDONLY)
    try:
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        yield
    finally:
        os.fchdir(here)
        os.close(here)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def as_new() -> Iterator[None]:
    """Begin with the state of a new process, and put back what the tests had."""
    root = logging.getLogger("dam")
    handlers, level, propagate = root.handlers[:], root.level, root.propagate
    signals = {number: signal.getsignal(number) for number in SIGNALS}
    threshold = gc.get_threshold()
    root.handlers[:], root.propagate = [logging.lastResort] if logging.lastResort else [], False  # as before any set-up
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        forget()
        interrupts._Pending.has_changed = False
        try:
            yield
        finally:
            forget()
            interrupts.stop_watching()
            gc.unfreeze()
            gc.set_threshold(*threshold)
            for number, handler in signals.items():
                signal.signal(number, handler)
            root.handlers[:], root.propagate = handlers, propagate
            root.setLevel(level)


@contextmanager
def _streams(*files: IO[bytes]) -> Iterator[None]:
    """Let descriptors 0, 1 and 2 and Python's streams be three files, with the encodings of UTF-8 mode."""
    streams = sys.stdin, sys.stdout, sys.stderr
    for stream in streams[1:]:
        stream.flush()
    with ExitStack() as stack:
        stack.callback(_put_back, streams)
        for number, file in enumerate(files):
            before = os.dup(number)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
            os.dup2(file.fileno(), number)
        with standard_streams():
            yield


@contextmanager
def standard_streams() -> Iterator[None]:
    """Let Python's streams be descriptors 0, 1 and 2."""
    with ExitStack() as stack:
        sys.stdin = stack.enter_context(open(0, encoding="utf-8", errors="surrogateescape", closefd=False))
        sys.stdout = stack.enter_context(open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False))
        sys.stderr = stack.enter_context(open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False))
        yield


def _put_back(streams: tuple[IO[str], IO[str], IO[str]]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams
