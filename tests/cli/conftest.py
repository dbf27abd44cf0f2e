"""What the fault tests share."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import shared
from tests.conftest import PICTURES, Dam, dam_in

LAUNCHER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""
"""Runs a command and writes its peak memory as the last line of stderr.

A process begins with the peak of the one that it was forked from: a small one stands between the test and the program.
"""

WITHOUT_PRIVILEGES = ("--bounding-set=-all", "--inh-caps=-all")
PR_CAPBSET_DROP, CAPABILITY_VERSION, CAPABILITIES = 24, 0x20080522, 64  # linux/prctl.h, linux/capability.h


@pytest.fixture
def pictured(empty_library_folder: Path, tmp_path: Path) -> Dam:
    """The program on a library of the eight pictures of the test data."""
    del empty_library_folder  # it has been made
    return dam_in(Path(shutil.copytree(shared.made_once("pictures", make_pictured), tmp_path / "library")))


def make_pictured(folder: Path) -> None:
    """Make that library."""
    shutil.copytree(shared.folder() / "library", folder)
    dam_in(folder)("add-asset", "-j0", PICTURES, "-q")


@pytest.fixture
def guest(empty_library_folder: Path) -> Iterator[Dam]:
    """The program run by somebody whom file permissions bind, on an empty library of their own."""
    with tempfile.TemporaryDirectory(prefix="dam-guest-") as folder:
        guest = dam_in(Path(shutil.copytree(empty_library_folder, f"{folder}/library")))
        if os.geteuid() == 0:  # root without its privileges: the owner of the files, and no more
            setpriv = shutil.which("setpriv")
            if setpriv is None:
                pytest.skip("root ignores permissions, and there is no setpriv")
            guest.prefix, guest.prepare = (setpriv, *WITHOUT_PRIVILEGES), drop_privileges
            probe = subprocess.run([*guest.command, "--version"], env=guest.env, capture_output=True, check=False)
            if probe.returncode:
                pytest.skip(f"privileges cannot be dropped here: {probe.stderr.decode().strip()}")
        yield guest
        change_modes(guest.folder, 0o700)


def drop_privileges() -> None:
    """Do in this process what `setpriv` does with `WITHOUT_PRIVILEGES`."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")


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
        process = dam.start(*arguments, stdout=pipe, stderr=pipe, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        with process:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
