"""A file system of one's own whose power can be cut."""

import fcntl
import os
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)."""
WITHOUT_FLUSHING_THE_LOG = struct.pack("I", 2)


def _run(*command: str | Path) -> str | None:
    """Run a command; return what it complained of."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True)
    except FileNotFoundError as exc:
        return str(exc)
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else None


@dataclass
class Disk:
    """An ext4 file system in a file, mounted at `place`."""

    place: Path

    def __post_init__(self) -> None:
        self._image = self.place.with_suffix(".img")
        with self._image.open("wb") as image:
            image.truncate(64 * 1024 * 1024)
        self.place.mkdir()
        made = _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", self._image)
        if os.geteuid() != 0 or made:
            pytest.skip(f"no file system can be made here: {made or 'only root can mount'}")
        if refused := self._mount():
            pytest.skip(f"mounting is not possible here: {refused}")

    def _mount(self) -> str | None:
        # A long commit interval: what nobody flushes is not on the disk by chance either
        return _run("mount", "-o", "loop,commit=300", self._image, self.place)

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
