"""What the fault tests share."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Dam, dam_in

NOBODY = 65534


@pytest.fixture
def guest(empty_library_folder: Path) -> Iterator[Dam]:
    """The program run by a user whom file permissions bind, on an empty library of that user.

    It may not find the interpreter of the environment: give `-j0`, for no worker can be started then.
    """
    with tempfile.TemporaryDirectory(prefix="dam-guest-") as folder:  # pytest's own folders are closed to others
        os.chmod(folder, 0o755)
        guest = dam_in(Path(shutil.copytree(empty_library_folder, f"{folder}/library")))
        if os.geteuid() == 0:
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("root ignores permissions, and there is no setpriv")
            guest.prefix = (setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
            give_away(guest.folder)
            probe = subprocess.run([*guest.command, "--version"], env=guest.env, capture_output=True, check=False)
            if probe.returncode:
                pytest.skip("another user cannot run the program of this environment")
        yield guest
        change_modes(guest.folder, 0o700)


def give_away(folder: Path) -> None:
    """Give a folder and all that is in it to the guest."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def change_modes(folder: Path, mode: int) -> None:
    """Change the modes of a folder and of all folders in it."""
    folder.chmod(mode)
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(mode)


@pytest.fixture
def start(dam: Dam) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the program and leave it running; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*dam.command, *arguments], env=dam.env, cwd=dam.folder, stdout=pipe, stderr=pipe, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        with process:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
