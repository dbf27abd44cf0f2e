"""A Python that has imported the libraries and forks for each program: the guides start many.

`python warm.py SOCKET` serves until it is ended. What stands for a program (`CLIENT`) sends its words, folder,
environment and streams, and ends with the exit code. No module of dam is imported before the fork: that of the copy is.
"""

import gc
import json
import os
import runpy
import socket
import sys
from importlib import import_module
from multiprocessing import spawn
from pathlib import Path

LIBRARIES = (
    *("alembic.autogenerate", "alembic.config", "sqlalchemy.dialects.sqlite", "sqlalchemy.orm", "dotenv", "pydantic"),
    *("pathspec", "platformdirs", "filetype", "numpy", "PIL.Image", "PIL.PngImagePlugin", "PIL.JpegImagePlugin"),
    *("rich.markup", "rich.progress", "rich.table", "typer.testing", "pytest", "importlinter.cli"),
)
MAX_REQUEST = 1 << 17
CLIENT = """#!{python} -IS
import os, socket, sys
import json
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = [{project!r}, {words!r} + sys.argv[1:], os.getcwd(), dict(os.environ)]
    socket.send_fds(server, [json.dumps(request).encode()], [0, 1, 2])
    code = server.recv(9)
sys.exit(int(code))
"""


def requested(listener: socket.socket) -> tuple[str, list[str]]:
    """Fork for each request; return in the fork alone: the project and the words of the program."""
    while True:
        connection, _ = listener.accept()
        with connection:
            message, files, _, _ = socket.recv_fds(connection, MAX_REQUEST, 3)
            child = os.fork()
            if not child:
                for number, file in enumerate(files):
                    os.dup2(file, number)
            for file in files:
                os.close(file)
            if child:
                _, status = os.waitpid(child, 0)
                connection.send(str(os.waitstatus_to_exitcode(status)).encode())
                continue
        listener.close()
        project, words, folder, environment = json.loads(message)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        return project, words


def run(project: str, words: list[str]) -> None:
    """Be the Python of a project's virtual environment, which was started with some words."""
    here = Path(__file__).parent
    others = [path for path in sys.path if path not in (str(here), str(here.parent.parent))]
    sys.executable = f"{project}/.venv/bin/python"
    spawn.set_executable(sys.executable)
    is_module = words[0] == "-m"
    sys.argv = words[is_module:]
    program = os.path.abspath(words[0])
    sys.path[:] = ["" if is_module else os.path.dirname(program), project, *others]
    if is_module:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    for library in LIBRARIES:
        import_module(library)
    gc.freeze()  # a collection in a fork would copy it all
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(sys.argv[1])
        server.listen()
        os.write(1, b"ready\n")
        asked = requested(server)
    run(*asked)
