"""A file system of one's own whose power can be cut."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Dam

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN: _IOR('X', 125, __u32)."""
WITHOUT_FLUSHING_THE_LOG = struct.pack("I", 2)
MB = 1024 * 1024


@dataclass(frozen=True)
class FileSystem:
    """How a file system is made and mounted."""

    make: tuple[str, ...]
    mount: str
    size: int


FILE_SYSTEMS = {
    # A long commit interval: what nobody flushes is not on the disk by chance either
    "ext4": FileSystem(
        ("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"), "loop,commit=300", 64 * MB
    ),
    "xfs": FileSystem(("mkfs.xfs", "-q", "-f"), "loop", 320 * MB),  # it makes none that is smaller
}


def _run(*command: str | Path) -> str | None:
    """Run a command; return what it complained of."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError as exc:
        return str(exc)
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else None


@dataclass
class Disk:
    """A file system in a file, mounted at `place`."""

    place: Path
    kind: str = "ext4"

    def __post_init__(self) -> None:
        self._image = self.place.with_suffix(".img")
        with self._image.open("wb") as image:
            image.truncate(FILE_SYSTEMS[self.kind].size)
        self.place.mkdir()
        made = _run(*FILE_SYSTEMS[self.kind].make, self._image)
        if os.geteuid() != 0 or made:
            pytest.skip(f"no file system can be made here: {made or 'only root can mount'}")
        if refused := self._mount():
            pytest.skip(f"mounting is not possible here: {refused}")

    def _mount(self) -> str | None:
        return _run("mount", "-t", self.kind, "-o", FILE_SYSTEMS[self.kind].mount, self._image, self.place)

    def cut(self) -> None:
        """Let nothing more reach the disk, not even what the file system had in mind to write."""
        descriptor = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(descriptor, SHUTDOWN, WITHOUT_FLUSHING_THE_LOG)
        os.close(descriptor)

    def start_again(self) -> None:
        """Mount the file system as it was on the disk."""
        assert _run("umount", self.place) is None
        assert self._mount() is None

    def remove(self) -> None:
        """Unmount the file system for good."""
        _run("umount", "--lazy", self.place)


MakeDisk = Callable[..., Disk]


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[MakeDisk]:
    """Make file systems whose power can be cut, or skip."""
    disks: list[Disk] = []

    def make(kind: str = "ext4") -> Disk:
        disks.append(Disk(tmp_path / f"disk{len(disks)}", kind))
        return disks[-1]

    yield make
    for disk in disks:
        disk.remove()


@dataclass
class DamOnDisks(Dam):
    """The program on a library whose store is on the first disk and whose database is on the last."""

    disks: Sequence[Disk] = ()

    @property
    def store(self) -> Path:
        return Path(self.env["ASSET_STORAGE_PATH"])

    def cut_the_power(self) -> None:
        for disk in self.disks:
            disk.cut()

    def start_again(self) -> None:
        for disk in self.disks:
            disk.start_again()
