"""Ctrl-C and SIGTERM end a command whose main thread is busy in a library; a FIFO tells that it is."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import PICTURES, Dam

Start = Callable[..., "subprocess.Popen[str]"]

# The decoder waits in C for a lock that nobody opens: no handler of Python runs.
STUCK = """
import ctypes, os
from dam.media import sample
def stay(self):
    with open(os.environ["HOLD"], "w") as fifo:
        fifo.write("here")
    library, lock = ctypes.CDLL(None), ctypes.create_string_buffer(256)
    while True:
        library.pthread_mutex_lock(lock)
for name in ("image", "signature"):
    setattr(sample.Sample, name, property(stay))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
@pytest.mark.parametrize("command", ["add-asset", "find-similar-images"])
def test_a_command_that_decodes_in_c_ends_at_once(
    dam: Dam, tmp_path: Path, start: Start, command: str, jobs: str, number: int, code: int
) -> None:
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    os.mkfifo(tmp_path / "fifo")
    dam.env |= {"PYTHONPATH": str(tmp_path), "HOLD": f"{tmp_path}/fifo", "DAM_DECODE_SECONDS": "3600"}
    process = start(command, jobs, str(PICTURES / "dunes.tif"))
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(number)
    _, err = process.communicate(timeout=500)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert ("dam-cli: interrupted" in err) == (number == signal.SIGINT)


def test_a_command_that_waits_for_a_lock_ends_at_once(dam: Dam, make_image: Callable[..., Path], start: Start) -> None:
    dam("add-asset", "-j0", make_image("a.png"))
    dam.env["DAM_LOCK_TIMEOUT"] = "80000"
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = start("-vv", "tag", "add", "1", "sky")
        assert process.stderr
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=500)
    assert process.returncode == 130, err
    assert dam("tag", "ls", "1", code=1).out == ""


def test_an_interrupted_ingest_tells_what_was_done(dam: Dam, tmp_path: Path, start: Start) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        STUCK.replace('for name in ("image", "signature"):', 'if "dunes" in str(__import__("sys").argv):')
        .replace("    setattr(sample.Sample, name, property(stay))", "    pass")
        + "from dam.services.ingest import batch\nbatch.MAX_BATCH_FILES = 1\n"
        + "from dam.services.ingest import staging\nstage = staging.stage\n"
        + "def hold(path, *rest):\n    return stay(None) if path.endswith('z') else stage(path, *rest)\n"
        + "import dam.services.ingest.examine as examine\nexamine.stage = hold\n"
    )
    os.mkfifo(tmp_path / "fifo")
    for name in ("a", "b", "z"):
        (tmp_path / name).write_text(name)
    dam.env |= {"PYTHONPATH": str(tmp_path), "HOLD": f"{tmp_path}/fifo"}
    process = start("add-asset", "-j0", *[str(tmp_path / name) for name in ("a", "b", "z")])
    assert (tmp_path / "fifo").read_text() == "here"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=500)
    assert process.returncode == 130
    assert "added" in out
    assert "what was reported is safe" in err
