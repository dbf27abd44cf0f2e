"""Starts `dam-cli` many times without importing its libraries each time, which is nine tenths of what a start costs.

A process imports the libraries of others, and nothing of dam, and forks for each call. What runs then is a process as
any other: it executes the installed script from its first line, with its own arguments, environment, folder, standard
streams and exit. What differs: the libraries are loaded, and all of one launcher have the same seed of string hashes.
"""

import faulthandler
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from runpy import run_path

LIBRARIES = (
    *("typer._adapters", "pydantic_settings", "platformdirs", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite.pysqlite"),
    *("alembic.command", "numpy", "PIL.Image", "filetype", "xml.etree.ElementTree", "multiprocessing.forkserver"),
)
"""What commands import; a test that asks what is imported starts the program itself."""

AT_RUN_TIME = ("DATABASE_URL", "ASSET_STORAGE_PATH", "HOME", "DAM_")
"""How the names of variables begin that no library reads when it is imported, and Python does not when it starts."""

SECONDS = 300
"""No run takes so long: one that does hangs, and is ended."""


class Launcher:
    """A process that starts `dam-cli` when asked, one at a time."""

    def __init__(self, program: str, env: Mapping[str, str]) -> None:
        self._program = program
        self._env = {name: value for name, value in env.items() if not name.startswith(AT_RUN_TIME)}
        self._start()

    def _start(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.settimeout(SECONDS)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), self._program],
                env=self._env,
                cwd="/",
                stdin=subprocess.PIPE,  # pipes, as the program will have: Python looks at them when it starts
                stdout=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # so that what hangs can be ended with all that it has started
            )

    def can(self, env: Mapping[str, str]) -> bool:
        """Tell whether a process with this environment is as one that was started with it."""
        return self._env == {name: value for name, value in env.items() if not name.startswith(AT_RUN_TIME)}

    def run(
        self, arguments: Sequence[str | bytes | Path], env: Mapping[str, str], cwd: Path, input: bytes | None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run `dam-cli` to its end, as `subprocess.run` does; one that hangs fails with the stacks of its processes."""
        pipes = [os.pipe(), os.pipe(), os.pipe()]
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = pipes
        request = pickle.dumps(([os.fsencode(argument) for argument in arguments], dict(env), str(cwd)))
        socket.send_fds(self._requests, [request], [0 if input is None else stdin, stdout, stderr])
        for fd in (stdin, stdout, stderr):
            os.close(fd)
        with ThreadPoolExecutor(3) as threads:
            threads.submit(_write, to_stdin, input or b"")
            out, err = threads.submit(_read, from_stdout), threads.submit(_read, from_stderr)
            try:
                code = int(self._requests.recv(64))
            except TimeoutError:
                os.killpg(self._process.pid, signal.SIGUSR2)
                self.close()
                self._start()
                raise TimeoutError(f"{arguments} hangs:\n{err.result().decode()}") from None
        return subprocess.CompletedProcess([self._program, *arguments], code, out.result(), err.result())

    def close(self) -> None:
        self._requests.close()
        with self._process:  # closes the pipes and waits
            pass


def _write(fd: int, content: bytes) -> None:
    with open(fd, "wb", buffering=0) as file:
        file.write(content)


def _read(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def serve(requests: socket.socket, program: str) -> None:
    """Fork for each request; return in the child, and exit when nobody will ask again."""
    while True:
        request, fds, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not request:
            sys.exit()
        if child := os.fork():
            for fd in fds:
                os.close(fd)
            requests.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        else:
            requests.close()
            faulthandler.register(signal.SIGUSR2, chain=True)  # and then it ends, as by default
            arguments, env, cwd = pickle.loads(request)
            for place, fd in enumerate(fds):
                os.dup2(fd, place)
                os.close(fd)
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(env)
            sys.argv = [program, *map(os.fsdecode, arguments)]
            return


if __name__ == "__main__":
    for library in LIBRARIES:
        import_module(library)
    gc.freeze()  # what is loaded stays: nobody need look through it again
    serve(socket.socket(fileno=int(sys.argv[1])), program := sys.argv[2])
    sys.path[0] = os.path.dirname(program)
    run_path(program, run_name="__main__")
