"""Examining a file: reading and analysing it, in a worker process or here. What goes in and comes out is plain."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from dam.core.errors import UnreadableFileError
from dam.media.sample import Sample
from dam.media.source import open_source
from dam.services.analysis import Analysis, analyse, give_up
from dam.services.staging import StagedFile, stage
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode


@dataclass(frozen=True)
class Job:
    """A file to examine."""

    path: str
    size: int
    mode: Mode = Mode.COPY
    seen: frozenset[str] | None = None
    """The systems that have run for its content; None where nobody has looked it up yet."""
    media_type: str | None = None
    """Set where the library has the file already: it is looked at where it is, and not staged."""
    sidecar: bytes | None = None
    """The sidecar that goes with it then; otherwise it is read beside the source."""


@dataclass(frozen=True)
class Examined:
    """A file that was read, or the error that it could not be read for.

    Without an analysis, its content is in the store already: look it up, and examine it again if it is not known. What
    the library has already comes back with an analysis alone.
    """

    path: str
    file: StagedFile | None = None
    analysis: Analysis | None = None
    error: str | None = None


@dataclass(frozen=True)
class Limits:
    """What decoding one file may take."""

    seconds: int
    memory_bytes: int


NO_LIMITS = Limits(seconds=0, memory_bytes=0)


def examine(store: BlobStore, job: Job) -> Examined:
    """Read a file and run the systems on its content; StoreError when the store fails."""
    if job.media_type:
        return _examine_in_place(job, job.media_type)
    try:
        file, sample = stage(job.path, store, job.mode)
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))
    if job.seen is None and file.blob is None and job.mode is not Mode.REFERENCE:
        return Examined(job.path, file)
    return Examined(job.path, file, _analyse(sample, job))


def _examine_in_place(job: Job, media_type: str) -> Examined:
    try:
        with open_source(job.path, linking=True):
            sample = Sample(partial(_open, job.path), media_type, sidecar=job.sidecar)
            return Examined(job.path, analysis=_analyse(sample, job))
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))


def _open(path: str) -> BinaryIO:
    return Path(path).open("rb")


def _analyse(sample: Sample, job: Job) -> Analysis:
    _Deadline.start()
    try:
        return analyse(sample, job.seen or frozenset())
    finally:
        _Deadline.stop()


def examine_all(store: BlobStore, jobs: Sequence[Job]) -> list[Examined]:
    """Examine files, in order."""
    return [examine(store, job) for job in jobs]


def examine_undecoded(store: BlobStore, job: Job, reason: str) -> Examined:
    """Read a file whose decoding has taken a worker down, and record that as the reason for each of its systems."""
    if job.media_type:
        return Examined(job.path, analysis=give_up(job.media_type, reason, job.seen or frozenset()))
    try:
        file, _ = stage(job.path, store, job.mode)
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))
    return Examined(job.path, file, give_up(file.media_type, reason, job.seen or frozenset()))


class _Deadline:
    """The end of a worker whose decoder hangs: the system's alarm, which also reaches code that never returns."""

    seconds = 0

    @classmethod
    def start(cls) -> None:
        if cls.seconds:
            signal.alarm(cls.seconds)

    @classmethod
    def stop(cls) -> None:
        if cls.seconds:
            signal.alarm(0)


def become_worker(limits: Limits) -> None:
    """Make this process a worker: bounded in time and memory, deaf to Ctrl-C, and gone with its parent."""
    Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  not on Windows

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _Deadline.seconds = limits.seconds
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def _end_with_parent() -> None:
    """End this process when its parent is killed: it would wait for jobs for ever, since it holds their pipe itself."""
    if parent := parent_process():
        parent.join()
        os._exit(1)
