"""Examine, the third stage of an ingest: requests to read and analyse files in workers."""

from dataclasses import dataclass, field

from dam.core.errors import CannotShareError, FileTooLargeError, UnreadableFileError
from dam.media.files.source import open_source
from dam.media.sample import Sample
from dam.services.ingest.analysis import Analysis, analyse, give_up
from dam.services.ingest.staging import StagedFile, stage
from dam.services.processes.limits import time_limit
from dam.services.processes.request import Request
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode

OF_ONE_FILE = (CannotShareError, FileTooLargeError, UnreadableFileError)
"""Errors that concern one file: it fails, and the run goes on."""


@dataclass(frozen=True)
class Examined:
    """The result of a request: a file that was read, or the error.

    A file without an analysis has content that is already in the store: whether its analysis is due must be looked
    up. The result for content of the library has an analysis and no file.
    """

    path: str
    file: StagedFile | None = None
    analysis: Analysis | None = None
    error: str | None = None


@dataclass(frozen=True)
class ExamineRequest(Request[Examined]):
    """Request to read a file, stage it in the store and analyse it."""

    mode: Mode = Mode.COPY
    seen: frozenset[str] | None = None
    """The systems that have run for the content; None if that has not been looked up."""
    sha256: str | None = None
    """The content for which they have run. If the file has changed since, `seen` is ignored."""
    follow_links: bool = False
    """Whether a sidecar may be a symbolic link."""
    store: BlobStore = field(kw_only=True)

    def run(self) -> Examined:
        """Read the file, and run the systems on its content.

        Raises:
            StoreError: the store cannot be written.

        """
        try:
            file, sample = stage(self.path, self.store, self.mode, self.follow_links)
        except OF_ONE_FILE as exc:
            return Examined(self.path, error=str(exc))
        seen = self.seen if self.sha256 in (None, file.digests.sha256) else None
        if seen is None and file.blob is None and self.mode is not Mode.REFERENCE:
            return Examined(self.path, file)
        with time_limit():
            return Examined(self.path, file, analyse(sample, seen or frozenset()))

    def give_up(self, reason: str) -> Examined:
        """Read the file, and record the reason as failure of each system."""
        try:
            file, _ = stage(self.path, self.store, self.mode, self.follow_links)
        except OF_ONE_FILE as exc:
            return Examined(self.path, error=str(exc))
        return Examined(self.path, file, give_up(file.media_type, reason, self.seen or frozenset()))


@dataclass(frozen=True)
class ReanalyseRequest(Request[Examined]):
    """Request to analyse content that the library already has."""

    media_type: str
    seen: frozenset[str]
    """The systems that have run for the content."""
    sidecar: bytes | None = None
    """The content of the sidecar."""
    asked: frozenset[str] = frozenset()
    """Names of systems to run that only run on request."""

    def run(self) -> Examined:
        """Run the systems on the content."""
        sample = Sample.of_file(self.path, self.media_type, sidecar=self.sidecar)
        try:
            with open_source(self.path, linking=True), time_limit():
                return Examined(self.path, analysis=analyse(sample, self.seen, self.asked))
        except UnreadableFileError as exc:
            return Examined(self.path, error=str(exc))

    def give_up(self, reason: str) -> Examined:
        """Record the reason as failure of each system."""
        return Examined(self.path, analysis=give_up(self.media_type, reason, self.seen, self.asked))
