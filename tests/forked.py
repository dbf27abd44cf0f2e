"""Runs a program as a process that is forked from this one, with all that is imported here: a start without imports.

It is a process in all else: a pid, signals, pipes, privileges, an exit code. The server of workers, if this process
has started one, is shared. A test of how a program starts or of how Python ends starts an interpreter instead.
"""

import gc
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import Any

from tests.in_process import as_new, standard_streams

Main = Callable[[list[str]], object]
"""Runs a program with some arguments; it may end by SystemExit."""


def start(
    main: Main,
    arguments: Sequence[str | bytes | Path],
    env: Mapping[str, str],
    prepare: Callable[[], None] | None = None,
    **options: Any,
) -> "subprocess.Popen[Any]":
    """Start a program; `prepare` is called first, and the options are those of `Popen`.

    `Popen` connects the streams, forks and calls `preexec_fn`, which runs the program and does not return.
    """
    words = [os.fsdecode(argument) for argument in arguments]
    become = partial(_become, main, words, dict(env), prepare)
    # As in an interpreter, SIGPIPE stays ignored.
    options |= {"preexec_fn": become, "restore_signals": False}
    return subprocess.Popen(["forked", *words], **options)


def _become(main: Main, words: list[str], env: dict[str, str], prepare: Callable[[], None] | None) -> None:
    gc.disable()
    gc.freeze()  # nothing of the tests' ends here: a connection would end that of the other process, too
    code: Any = 70
    with suppress(BaseException), ExitStack() as stack:
        _share_server()  # closes the pipe by which `Popen` learns that the program has begun
        os.environ.clear()
        os.environ.update(env)
        if prepare:
            prepare()
        stack.enter_context(as_new())
        stack.enter_context(standard_streams())
        code = _run(main, words)
    os._exit(code if isinstance(code, int) else 1 if code else 0)


def _run(main: Main, words: list[str]) -> Any:
    try:
        main(words)
    except SystemExit as exc:
        code = exc.code
    except BaseException:  # noqa: BLE001  as the interpreter ends
        traceback.print_exc()
        code = 1
    else:
        code = 0
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return code


def _share_server() -> None:
    """Close all files but the streams and what belongs to the server of workers, which is the parent's child."""
    server: Any = forkserver._forkserver
    if server._forkserver_pid is not None:
        forkserver.ensure_running = server.ensure_running = lambda: None
    tracker: Any = resource_tracker._resource_tracker
    kept = sorted(file for file in (server._forkserver_alive_fd, tracker._fd) if file is not None)
    for first, last in zip([2, *kept], [*kept, os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(first + 1, last)
