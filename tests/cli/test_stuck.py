"""Ctrl-C and SIGTERM end a command whose main thread is busy in a library; a FIFO tells that it is."""

import itertools
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PICTURES, Dam

Start = Callable[..., "subprocess.Popen[str]"]

# The decoder waits in C for a lock that nobody opens: no handler of Python runs.
STUCK = """
import ctypes
from dam.media import sample
def stay(self):
    with open(HOLD, "w") as fifo:
        fifo.write("here")
    library, lock = ctypes.CDLL(None), ctypes.create_string_buffer(256)
    while True:
        library.pthread_mutex_lock(lock)
for name in ("image", "signature"):
    setattr(sample.Sample, name, property(stay))
"""


def decoding() -> list[Any]:
    """Return commands, jobs and signals: half of them have every pair, and the others are for the sweep."""
    cases = enumerate(itertools.product(("add-asset", "find-similar-images"), ("-j0", "-j1"), ("SIGINT", "SIGTERM")))
    return [pytest.param(*case, marks=() if number.bit_count() % 2 else pytest.mark.sweep) for number, case in cases]


@pytest.mark.parametrize(("command", "jobs", "name"), decoding())
def test_a_command_that_decodes_in_c_ends_at_once(
    dam: Dam, tmp_path: Path, start: Start, command: str, jobs: str, name: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    dam.env |= {"DAM_DECODE_SECONDS": "3600"}
    dam.prepare = partial(exec, STUCK, {"HOLD": tmp_path / "fifo"})
    process = start(command, jobs, str(PICTURES / "dunes.tif"))
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(signal.Signals[name])
    _, err = process.communicate(timeout=500)
    assert process.returncode == {"SIGINT": 130, "SIGTERM": 143}[name], err
    assert "Traceback" not in err
    assert ("dam-cli: interrupted" in err) == (name == "SIGINT")


# A worker that is stopped, as by a debugger, with a FIFO open that tells of its end.
STOPPED = """
import os, signal
from dam.media import sample
def stop(self):
    os.write(os.open(os.environ["HOLD"], os.O_WRONLY), b"here")
    os.kill(os.getpid(), signal.SIGSTOP)
sample.Sample.image = property(stop)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG")
@pytest.mark.parametrize("files", [1, 2], ids=["fork", "fork server"])
def test_a_stopped_worker_ends_when_the_program_is_killed(dam: Dam, tmp_path: Path, start: Start, files: int) -> None:
    (tmp_path / "sitecustomize.py").write_text(STOPPED)
    os.mkfifo(tmp_path / "fifo")
    dam.env |= {"PYTHONPATH": str(tmp_path), "HOLD": f"{tmp_path}/fifo"}
    process = start("add-asset", "-j1", *sorted(PICTURES.glob("*.jpg"))[:files])
    with (tmp_path / "fifo").open("rb", buffering=0) as fifo:
        assert fifo.read(4) == b"here"
        process.kill()
        process.wait()
        assert select.select([fifo], [], [], 60)[0], "the worker is still there"
        assert fifo.read(4) == b""


WAITING = """
import os
from dam.core import database
begin = database._begin_sqlite
def tell(connection):
    if database.BEGIN not in connection.get_execution_options():
        with open(HOLD, "w") as fifo:
            fifo.write("here")
    begin(connection)
database._begin_sqlite = tell
"""


def test_a_command_that_waits_for_a_lock_ends_at_once(
    dam: Dam, tmp_path: Path, make_image: Callable[..., Path], start: Start
) -> None:
    dam("add-asset", "-j0", make_image("a.png"))
    os.mkfifo(tmp_path / "fifo")
    plain = dict(dam.env)
    dam.env |= {"DAM_LOCK_TIMEOUT": "80000"}
    dam.prepare = partial(exec, WAITING, {"HOLD": tmp_path / "fifo"})
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = start("tag", "add", "1", "sky")
        assert (tmp_path / "fifo").read_text() == "here"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=500)
    assert (process.returncode, err) == (130, "dam-cli: interrupted: nothing was changed\n")
    dam.env = plain
    assert dam("tag", "ls", "1", code=1).out == ""


HELD = """
import os, signal
from dam.services.ingest import batch, examine
batch.MAX_BATCH_FILES, stage = 1, examine.stage
def hold(path, *rest):
    if path.endswith("z"):
        with open(HOLD, "w") as fifo:
            fifo.write("here")
        signal.pause()
    return stage(path, *rest)
examine.stage = hold
"""


def test_an_interrupted_ingest_tells_what_was_done(dam: Dam, tmp_path: Path, start: Start) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("a", "b", "z"):
        (tmp_path / name).write_text(name)
    dam.prepare = partial(exec, HELD, {"HOLD": tmp_path / "fifo"})
    process = start("add-asset", "-j0", *[str(tmp_path / name) for name in ("a", "b", "z")])
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=500)
    assert process.returncode == 130
    count = len(out.splitlines())
    assert 1 <= count <= 2
    assert err.splitlines()[-3:] == [
        f"{count} added ({count} B)",
        f"{count} document" + "s" * (count - 1),
        "dam-cli: interrupted: what was reported is safe; the same command continues",
    ]
