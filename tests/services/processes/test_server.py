"""Temporary folders of the servers of killed programs go; those of others stay."""

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
