"""Examining a file: reading and analysing it, in a worker process or here. What goes in and comes out is plain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import DamError, InputError, UnreadableFileError
from dam.media.files.source import open_source
from dam.media.sample import Sample
from dam.services.ingest.analysis import Analysis, analyse, give_up
from dam.services.ingest.staging import StagedFile, stage
from dam.services.processes.limits import in_time
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
    sha256: str | None = None
    """The content that they have run for, where the file is read: if it has another by now, nobody has looked it up."""
    media_type: str | None = None
    """Set where the library has the file already: it is looked at where it is, and not staged."""
    thumbnail: int | None = None
    """Set where nothing but a thumbnail of this size is wanted."""
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
    thumbnail: bytes | None = None


def examine(store: BlobStore, job: Job) -> Examined:
    """Read a file and run the systems on its content; StoreError when the store fails."""
    if job.media_type:
        return _draw(job, job.media_type) if job.thumbnail else _examine_in_place(job, job.media_type)
    try:
        file, sample = stage(job.path, store, job.mode)
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))
    if job.sha256 not in (None, file.digests.sha256):
        job = replace(job, seen=None)
    if job.seen is None and file.blob is None and job.mode is not Mode.REFERENCE:
        return Examined(job.path, file)
    return Examined(job.path, file, _analyse(sample, job))


def _examine_in_place(job: Job, media_type: str) -> Examined:
    try:
        with open_source(job.path, linking=True):
            return Examined(job.path, analysis=_analyse(_sample(job, media_type), job))
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))


def _sample(job: Job, media_type: str) -> Sample:
    return Sample(partial(_open, job.path), media_type, sidecar=job.sidecar)


def _open(path: str) -> BinaryIO:
    return Path(path).open("rb")


def _draw(job: Job, media_type: str) -> Examined:
    """Make a thumbnail."""
    from dam.media.thumbnails.thumbnail import thumbnail  # noqa: PLC0415  an ingest needs none

    try:
        with open_source(job.path, linking=True), in_time():
            return Examined(job.path, thumbnail=thumbnail(_sample(job, media_type), job.thumbnail or 0))
    except InputError as exc:
        return Examined(job.path, error=str(exc))
    except (DamError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001  a fault of ours, or hostile content: the other files go on
        return Examined(job.path, error=f"failed with {type(exc).__name__}: {exc}")


def _analyse(sample: Sample, job: Job) -> Analysis:
    with in_time():
        return analyse(sample, job.seen or frozenset())


def examine_all(store: BlobStore, jobs: Sequence[Job]) -> list[Examined]:
    """Examine files, in order."""
    return [examine(store, job) for job in jobs]


def examine_undecoded(store: BlobStore, job: Job, reason: str) -> Examined:
    """Read a file whose decoding has taken a worker down, and record that as the reason for each of its systems."""
    if job.thumbnail:
        return Examined(job.path, error=reason)
    if job.media_type:
        return Examined(job.path, analysis=give_up(job.media_type, reason, job.seen or frozenset()))
    try:
        file, _ = stage(job.path, store, job.mode)
    except UnreadableFileError as exc:
        return Examined(job.path, error=str(exc))
    return Examined(job.path, file, give_up(file.media_type, reason, job.seen or frozenset()))
