"""The server that workers are forked from: what it has imported, and its temporary folders."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam.services.processes.server import PREFIX, START_METHOD, sweep_temporary_folders
from dam.storage.staging_area import lock_folder

pytestmark = pytest.mark.skipif(START_METHOD != "forkserver", reason="there is no server of workers here")

START = "import os\nfrom dam.services.processes.server import start_server\nstart_server()\n"


WORK = """
import multiprocessing, sys, tempfile
from dam.services.processes.server import START_METHOD, start_server
start_server()
worker = multiprocessing.get_context(START_METHOD).Process(target=print, args=("works",))
worker.start()
worker.join()
"""


def test_sockets_do_not_depend_on_the_length_or_existence_of_tmpdir(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    for folder in (long, tmp_path / "gone"):
        done = subprocess.run(
            [sys.executable, "-c", WORK], env=os.environ | {"TMPDIR": str(folder)}, capture_output=True, check=False
        )
        assert (done.stdout, done.stderr) == (b"works\n", b"")
    assert list(long.iterdir()) == []


def run(code: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(folder)}, check=False)


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_the_folder_of_a_killed_program_is_swept_by_the_next(short: Path) -> None:
    run(f"{START}os.kill(os.getpid(), 9)", short)
    [left] = short.iterdir()
    run(START, short)
    assert not left.exists()
    assert list(short.iterdir()) == []


def test_folders_of_the_living_and_of_other_programs_stay(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in (f"{PREFIX}living", "pymp-other", f"{PREFIX}dead")]
    for folder in folders:
        folder.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(folders[1])
    lock = lock_folder(folders[0])
    assert lock is not None
    sweep_temporary_folders(tmp_path)
    os.close(lock)
    assert [folder.exists() for folder in folders] == [True, True, False]


PROBE = """
import multiprocessing, sys
from dam.services.processes.server import START_METHOD, start_server
start_server()
assert "sqlalchemy" not in sys.modules
in_worker = "import gc, sys; sys.exit(not (gc.isenabled() and gc.get_freeze_count() and {name!r} in sys.modules))"
worker = multiprocessing.get_context(START_METHOD).Process(target=exec, args=(in_worker.format(name=sys.argv[1]),))
worker.start()
worker.join()
sys.exit(worker.exitcode)
"""


@pytest.mark.parametrize("module", ["dam.systems.image_phash", "PIL.JpegImagePlugin"])
def test_a_worker_has_what_it_needs_when_it_is_forked(module: str) -> None:
    subprocess.run([sys.executable, "-c", PROBE, module], check=True)
