"""What the tests run in their own process answers as the program that a user starts, and leaves nothing behind."""

import gc
import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from dam.core.config import default_settings
from tests.conftest import PICTURES, Dam


@pytest.mark.parametrize(
    "words", [["info", "--json"], ["show", "1"], ["--nonsense"], ["verify"], ["add-asset", "gone"]], ids=" ".join
)
def test_it_answers_as_a_process(dam: Dam, real_dam: Dam, words: list[str]) -> None:
    assert dam(*words, code=None) == real_dam(*words, code=None)


def test_bytes_come_and_go_as_through_pipes(dam: Dam, real_dam: Dam, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\n.txt")
    path.write_text("x")
    names = os.fsencode(path) + b"\0"
    words = ("add-asset", "--files-from", "-", "-0", "-j0", "--json")
    assert dam(*words, input=names).json_lines[0]["status"] == "added"
    again = [run(*words, input=names) for run in (dam, real_dam)]
    assert again[0] == again[1]


def state() -> list[object]:
    """What a command could change of this process."""
    root = logging.getLogger("dam")
    streams = [os.fstat(number).st_ino for number in (0, 1, 2)]
    return [
        *(sys.stdin, sys.stdout, sys.stderr, streams, dict(os.environ), os.getcwd(), os.umask(os.umask(0o022))),
        *(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), gc.get_threshold(), gc.get_freeze_count()),
        *(root.handlers[:], root.level, root.propagate, default_settings.cache_info().currsize),
    ]


def test_it_leaves_this_process_as_it_was(dam: Dam) -> None:
    dam("info")
    before = state()
    dam("-vv", "add-asset", PICTURES / "dunes.tif", env={"DAM_DECODE_SECONDS": "120"})
    dam("show", "7", code=None)
    assert state() == before


def test_each_command_has_settings_and_a_library_of_its_own(dam: Dam, fresh_dam: Dam) -> None:
    dam("add-asset", "-j0", PICTURES / "dunes.tif", "-q")
    fresh_dam("info", code=10)
    fresh_dam("setup-db")
    assert [run("info", "--json").json["entities"] for run in (dam, fresh_dam, dam)] == [1, 0, 1]
    assert "settings" in dam("info", env={"DAM_LOCK_TIMEOUT": "soon"}, code=2).err
    assert dam("info", "--json").json["entities"] == 1


def test_what_an_interpreter_reads_as_it_starts_asks_for_one(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(9)")
    dam("info", env={"PYTHONPATH": str(tmp_path)}, code=9)
