"""What an ingest asks of workers: to read a new file and describe it, or to describe again what the library has."""

from dataclasses import dataclass, field

from dam.core.errors import UnreadableFileError
from dam.media.files.source import open_source
from dam.media.sample import Sample
from dam.services.ingest.analysis import Analysis, analyse, give_up
from dam.services.ingest.staging import StagedFile, stage
from dam.services.processes.limits import in_time
from dam.services.processes.request import Request
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode


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
class Job(Request[Examined]):
    """A file to read, stage in the store and analyse."""

    mode: Mode = Mode.COPY
    seen: frozenset[str] | None = None
    """The systems that have run for its content; None where nobody has looked it up yet."""
    sha256: str | None = None
    """The content that they have run for: if the file has another by now, nobody has looked it up."""
    store: BlobStore = field(kw_only=True)

    def run(self) -> Examined:
        """Read the file, and run the systems on its content; StoreError when the store fails."""
        try:
            file, sample = stage(self.path, self.store, self.mode)
        except UnreadableFileError as exc:
            return Examined(self.path, error=str(exc))
        seen = self.seen if self.sha256 in (None, file.digests.sha256) else None
        if seen is None and file.blob is None and self.mode is not Mode.REFERENCE:
            return Examined(self.path, file)
        with in_time():
            return Examined(self.path, file, analyse(sample, seen or frozenset()))

    def give_up(self, reason: str) -> Examined:
        """Read the file, and record the reason for each of the systems."""
        try:
            file, _ = stage(self.path, self.store, self.mode)
        except UnreadableFileError as exc:
            return Examined(self.path, error=str(exc))
        return Examined(self.path, file, give_up(file.media_type, reason, self.seen or frozenset()))


@dataclass(frozen=True)
class AnalyseAgain(Request[Examined]):
    """A content that the library has, to be analysed where it is."""

    media_type: str
    seen: frozenset[str]
    """The systems that have run for it."""
    sidecar: bytes | None = None
    """The sidecar that it was read with, or is to be read with now."""

    def run(self) -> Examined:
        """Run the systems on the content."""
        sample = Sample.of_file(self.path, self.media_type, sidecar=self.sidecar)
        try:
            with open_source(self.path, linking=True), in_time():
                return Examined(self.path, analysis=analyse(sample, self.seen))
        except UnreadableFileError as exc:
            return Examined(self.path, error=str(exc))

    def give_up(self, reason: str) -> Examined:
        """Record the reason for each of the systems."""
        return Examined(self.path, analysis=give_up(self.media_type, reason, self.seen))
