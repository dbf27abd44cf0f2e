"""The server that workers are forked from: what it has imported, and its temporary folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dam.services.processes.server import OWNED, START_METHOD, sweep_temporary_folders
from dam.storage.staging_area import lock_folder

pytestmark = pytest.mark.skipif(START_METHOD != "forkserver", reason="there is no server of workers here")

START = "import os\nfrom dam.services.processes.server import start_server\nstart_server()\n"


def run(code: str, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([sys.executable, "-c", code], env=os.environ | {"TMPDIR": str(folder)}, check=False)


def test_the_folder_of_a_killed_program_is_swept_by_the_next(tmp_path: Path) -> None:
    run(f"{START}os.kill(os.getpid(), 9)", tmp_path)
    [left] = tmp_path.iterdir()
    run(START, tmp_path)
    assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_folders_of_the_living_and_of_other_programs_stay(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("pymp-living", "pymp-other", "pymp-dead")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / OWNED).touch()
    (folders[2] / OWNED).touch()
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
