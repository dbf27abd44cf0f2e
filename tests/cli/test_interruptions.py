"""Ctrl-C and SIGTERM in commands that take long: a FIFO holds them at a known point."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.core import TyperGroup

from dam.core import interrupts
from dam.services.ingest import run_systems
from dam.services.verify import verify
from tests.conftest import PICTURES, Dam

Start = Callable[..., "subprocess.Popen[str]"]


def hold(module: ModuleType, name: str, fifo: Path, go: Path) -> None:
    """Let a program's own decoder or digest tell by a FIFO when it is at work, and then wait for another."""
    original = getattr(module, name)

    def held(*args: Any) -> Any:
        fifo.write_text("here")
        os.read(os.open(go, os.O_RDONLY), 2)
        return original(*args)

    setattr(module, name, held)


HELD: dict[str, tuple[ModuleType, str]] = {"run-systems": (run_systems, "_job"), "verify": (verify, "places")}

SIGNALS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)


@SIGNALS
@pytest.mark.parametrize("command", ["run-systems", "verify"])
def test_a_long_command_ends_in_order(
    dam: Dam, tmp_path: Path, make_image: Callable[..., Path], start: Start, command: str, number: int, code: int
) -> None:
    dam("add-asset", "-j0", make_image("a.png"))
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM system_records")
    os.mkfifo(tmp_path / "fifo")
    os.mkfifo(tmp_path / "go")
    dam.prepare = partial(hold, *HELD[command], tmp_path / "fifo", tmp_path / "go")
    process = start(command)
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(number)
    go = os.open(tmp_path / "go", os.O_RDWR)  # also where nobody reads it any more
    os.write(go, b"go")
    out, err = process.communicate(timeout=500)
    os.close(go)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert out == ""
    if number == signal.SIGINT:
        assert "nothing was changed" in err
    dam(command)
    assert [path for path in (dam.store / "tmp").rglob("*") if path.is_file()] == []


EARLY = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == os.environ["EARLY"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
"""


@pytest.mark.parametrize("module", ["typer", "dam.commands.info", "dam.core.logging_config", "dam.render.library"])
def test_an_interruption_while_the_program_is_imported_is_quiet(dam: Dam, tmp_path: Path, module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(EARLY)
    done = dam("info", env={"PYTHONPATH": str(tmp_path), "EARLY": module}, code=130)
    assert done.out == ""
    assert len(done.err.splitlines()) <= 1


def test_an_interruption_while_workers_are_prepared_is_the_programs_own(dam: Dam, tmp_path: Path) -> None:
    """Ctrl-C reaches all processes of the terminal."""
    only_there = 'if "forkserver" in "".join(sys.orig_argv):\n    sys.meta_path'
    (tmp_path / "sitecustomize.py").write_text(EARLY.replace("sys.meta_path", only_there))
    env = {"PYTHONPATH": str(tmp_path), "EARLY": "dam.services.ingest.examine"}
    done = dam("add-asset", PICTURES / "dunes.tif", "-j1", env=env)
    assert "1 added" in done.err or "1 added" in done.out


def test_an_interruption_while_the_words_are_read_is_quiet(dam: Dam, start: Start) -> None:
    def interrupt(*_args: object, **_more: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    dam.prepare = lambda: setattr(TyperGroup, "make_context", interrupt)
    process = start("info")
    _, err = process.communicate(timeout=500)
    assert process.returncode == 130
    assert len(err.splitlines()) <= 1


def test_an_interruption_after_a_change_says_how_to_continue(dam: Dam, start: Start) -> None:
    note = interrupts.note_change

    def interrupt() -> None:
        note()
        os.kill(os.getpid(), signal.SIGINT)

    dam.prepare = lambda: setattr(interrupts, "note_change", interrupt)
    process = start("add-asset", "-j0", str(PICTURES / "dunes.tif"))
    _, err = process.communicate(timeout=500)
    assert process.returncode == 130
    assert err.endswith("dam-cli: interrupted: what was reported is safe; the same command continues\n")


# The program's own report, but Ctrl-C is pressed when the first input has been reported.
AFTER_ONE = """
import os, signal
from dam.render.ingest import IngestReport, UpdateReport
from dam.render.verify import VerifyReport
def interrupting(add):
    return lambda report, outcome: (add(report, outcome), os.kill(os.getpid(), signal.SIGINT))
for each in (IngestReport, UpdateReport, VerifyReport):
    each.add = interrupting(each.add)
"""


@pytest.mark.parametrize(
    ("command", "summary"),
    [
        (["add-asset", "two.png", "three.png"], {"added": 1, "linked": 0, "files": 1}),
        (["failures", "--retry"], {"added": 1, "linked": 0, "files": 1}),
        (["run-systems"], {"updated": 1, "failed": 0}),
        (["verify"], {"sound": 1, "missing": 0}),
    ],
)
def test_an_interrupted_command_tells_what_it_has_done(
    dam: Dam, make_image: Callable[..., Path], start: Start, command: list[str], summary: dict[str, int]
) -> None:
    listed = bytes(dam.folder / "two.png") + b"\n" + bytes(dam.folder / "three.png")
    dam("add-asset", "-j0", make_image("one.png"), "--files-from", "-", input=listed, code=3)
    for number, name in enumerate(["two.png", "three.png"]):
        make_image(name, seed=number + 5).rename(dam.folder / name)
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM system_records")
    dam.prepare = partial(exec, AFTER_ONE, {})
    jobs = [] if command == ["verify"] else ["-j0"]
    process = start(*command, *jobs, "--json")
    out, err = process.communicate(timeout=500)
    assert process.returncode == 130, err
    documents = [*map(json.loads, out.splitlines())]
    assert len(documents) == (2 if jobs else 1)  # a sound asset has no document
    assert documents[-1]["summary"].items() >= summary.items()
    error = json.loads(err.splitlines()[-1])
    assert (error["error"].partition(":")[0], error["exit_code"]) == ("interrupted", 130)


# A worker that decodes for ever: it has told by a FIFO that it is at work.
STUCK = """
import signal
from dam.media import sample
def looks(self):
    with open(HOLD, "w") as fifo:
        fifo.write("here")
    while True:
        signal.pause()
sample.Sample.signature = property(looks)
"""


@pytest.mark.parametrize("command", ["explain", "find-similar-images", "find-similar"])
def test_a_command_that_decodes_is_interrupted_at_once(dam: Dam, tmp_path: Path, start: Start, command: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    dam.env |= {"DAM_DECODE_SECONDS": "3600"}
    dam.prepare = partial(exec, STUCK, {"HOLD": tmp_path / "fifo"})
    picture = str(PICTURES / "dunes.tif")
    process = start(command, *[picture] * (2 if command == "explain" else 1))
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=500)
    assert (process.returncode, out, err) == (130, "", "dam-cli: interrupted: nothing was changed\n")
