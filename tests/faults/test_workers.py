"""Workers that are killed from outside cost nothing, and none outlives the program."""

import os
import select
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.faults.conftest import acknowledged, assert_continues, assert_whole, finish, stored

Start = Callable[..., "subprocess.Popen[str]"]
FILES = 200
SECONDS = 500


@pytest.fixture
def pictures(tmp_path: Path, make_image: Callable[..., Path]) -> Path:
    """A folder of many pictures: one, with something of its own after the end of each."""
    picture = make_image("picture.jpg", size=(640, 480)).read_bytes()
    (tmp_path / "pictures").mkdir()
    for number in range(FILES):
        (tmp_path / "pictures" / f"{number:03}.jpg").write_bytes(picture + str(number).encode())
    return tmp_path / "pictures"


def children(process: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parent = status.read_text().rpartition(")")[2].split()[1]
            found += [int(status.parent.name)] * (int(parent) == process)
    return found


def workers(process: int) -> list[int]:
    """Return the workers of the program: its server of workers has forked them."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc to find the workers in")
    return [worker for server in children(process) for worker in children(server)]


def test_a_worker_that_is_killed_costs_nothing(dam: Dam, pictures: Path, start: Start) -> None:
    dam.is_process = True  # with a server of its own
    process = start("add-asset", "-j2", "--json", pictures)
    assert process.stdout
    out = process.stdout.readline()
    victims = workers(process.pid)
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    rest, err = finish(process)
    assert process.returncode == 0, err
    assert len(acknowledged(out + rest)) == FILES
    assert "failed" not in err
    assert_whole(dam)


def test_workers_end_with_a_program_that_is_killed(dam: Dam, pictures: Path, start: Start) -> None:
    dam.is_process = True  # with a server of its own
    process = start("add-asset", "-j2", "--json", pictures)
    assert process.stdout
    out = process.stdout.readline()
    watched = [os.pidfd_open(worker) for worker in (*children(process.pid), *workers(process.pid))]
    assert len(watched) >= 3
    process.kill()
    rest, _ = finish(process)
    for descriptor in watched:
        assert select.select([descriptor], [], [], SECONDS)[0], "a worker outlives the program"
        os.close(descriptor)
    assert_continues(dam, pictures, acknowledged(out + rest))
    assert len(stored(dam)) == FILES
