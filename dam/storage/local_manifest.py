"""The manifest of a store in a folder: the files `manifest/000001.jsonl` and so on."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from dam.core.durable import flush, make_folder
from dam.core.errors import StoreError
from dam.storage.local_staging import naming

if sys.platform != "win32":
    import fcntl

SUFFIX = ".jsonl"
UNFINISHED = ".new"
MAX_WAIT = 60.0
"""Seconds to wait for another process to end its append, which takes milliseconds."""
PAUSE = 0.01
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system without locks says. Then nothing keeps two processes apart but O_APPEND."""


class LocalManifest:
    """Segments in files of a folder, readable by their user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def numbers(self) -> Sequence[int]:
        """Return the numbers of all segments, ascending."""
        with naming(self._folder):
            try:
                names = os.listdir(self._folder)
            except FileNotFoundError:
                return []
        stems = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
        return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())

    def open(self, number: int) -> BinaryIO:
        """Open the file of a segment."""
        with naming(self._segment(number)):
            return open(self._segment(number), "rb")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a lock (flock) on the folder."""
        with naming(self._folder):
            make_folder(self._folder, mode=0o700)
            if sys.platform == "win32":
                lock = None
            else:
                lock = os.open(self._folder, os.O_RDONLY)
        try:
            if lock is not None:
                self._wait_for(lock)
            yield
        finally:
            if lock is not None:
                os.close(lock)

    def append(self, data: bytes, *, new_segment: bool = False) -> None:
        """Append to the newest file and flush it; a new file is written under another name first."""
        numbers = self.numbers()
        if new_segment or not numbers:
            self._begin(self._segment(numbers[-1] + 1 if numbers else 1), data)
            return
        segment = self._segment(numbers[-1])
        with naming(segment):
            descriptor = os.open(segment, os.O_WRONLY | os.O_APPEND)
            try:
                before = os.fstat(descriptor).st_size
                try:
                    _write(descriptor, data)
                except OSError:  # the disk is full: nobody need meet half of it
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, before)
                    raise
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _begin(self, segment: Path, data: bytes) -> None:
        new = self._folder / f"{uuid4().hex}{UNFINISHED}"
        with naming(segment):
            for left in self._folder.glob(f"*{UNFINISHED}"):  # of a process that was killed: this one holds the lock
                left.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                _write(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(new, segment)
            flush(self._folder)

    def _segment(self, number: int) -> Path:
        return self._folder / f"{number:06}{SUFFIX}"

    def _wait_for(self, lock: int) -> None:
        give_up = time.monotonic() + MAX_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise StoreError(f"{self._folder} is held by another process: end it, and try again") from None
                time.sleep(PAUSE)
            except OSError as exc:
                if exc.errno not in NO_LOCKS:
                    raise StoreError(f"{self._folder}: {exc.strerror}") from exc
                return
            else:
                return


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
