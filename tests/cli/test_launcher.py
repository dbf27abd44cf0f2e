"""What the tests start instead of a new interpreter is as one that is started by a user."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import DAM_CLI, KEPT, Dam
from tests.launcher import Launcher

PROBE = """
import atexit, os, pathlib, signal, sys
atexit.register(print, "at exit")
print(sys.argv, __name__, __file__, os.getcwd(), sorted(os.environ), sys.path[0], file=sys.stderr)
print([name for name in sys.modules if name.partition(".")[0] == "dam"])
print(sys.stdin.read() if "read" in sys.argv else "", [os.isatty(fd) for fd in (0, 1, 2)], sys.stdout.line_buffering)
print(sys.stdin.errors, sys.stdout.errors, sys.stderr.errors, sys.flags, len(os.listdir("/proc/self/fd")))
print(*(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)))
"""
ENDS = {"": 0, "sys.exit(3)": 3, "sys.exit('text')": 1, "1 / 0": 1, "os.kill(os.getpid(), 9)": -9, "os.close(1)": 120}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


@pytest.fixture
def launcher(program: Path) -> Iterator[Launcher]:
    launcher = Launcher(str(program), KEPT | {"PYTHONUTF8": "1"})
    yield launcher
    launcher.close()


@pytest.mark.parametrize("end", ENDS)
def test_it_runs_a_program_as_python_does(launcher: Launcher, program: Path, tmp_path: Path, end: str) -> None:
    program.write_text(f"{PROBE}\n{end}\n")
    env = KEPT | {"PYTHONUTF8": "1", "DAM_LOG_LEVEL": "ERROR", "HOME": str(tmp_path)}
    arguments = ["read", os.fsdecode(b"\xff"), ""]
    ours = launcher.run(arguments, env, tmp_path, b"in\xffput")
    python = subprocess.run(
        [sys.executable, program, *arguments], input=b"in\xffput", env=env, cwd=tmp_path, capture_output=True
    )
    assert launcher.can(env)
    assert ours.returncode == python.returncode == ENDS[end]
    assert ours.stdout == python.stdout
    assert ours.stderr.splitlines()[0] == python.stderr.splitlines()[0]
    assert ours.stderr.splitlines()[-1] == python.stderr.splitlines()[-1]


def test_a_program_that_hangs_is_ended_and_says_where(launcher: Launcher, program: Path, tmp_path: Path) -> None:
    program.write_text("import signal, sys\nif sys.argv[1:]:\n    signal.pause()\n")
    assert launcher.run([], KEPT, tmp_path, None).returncode == 0
    launcher._requests.settimeout(0.5)
    with pytest.raises(TimeoutError, match=r"launcher\.py"):
        launcher.run(["hang"], KEPT, tmp_path, None)
    assert launcher.run([], KEPT, tmp_path, None).returncode == 0


def test_what_python_or_a_library_reads_as_it_starts_asks_for_a_new_interpreter(launcher: Launcher) -> None:
    assert not launcher.can(KEPT | {"PYTHONUTF8": "1", "PYTHONPATH": "elsewhere"})
    assert not launcher.can(KEPT | {"PYTHONUTF8": "1", "FORCE_COLOR": "1"})
    assert not launcher.can(KEPT)


def test_the_program_of_the_tests_is_the_installed_one(dam: Dam) -> None:
    for words in (["info", "--json"], ["show", "1"], ["--nonsense"], ["verify"]):
        done = dam(*words, code=None)
        anew = subprocess.run([DAM_CLI, *words], env=dam.env, cwd=dam.folder, capture_output=True, text=True)
        assert (done.code, done.out, done.err) == (anew.returncode, anew.stdout, anew.stderr)
