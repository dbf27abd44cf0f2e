"""Requests for the digest of a file, which a worker reads."""

from dataclasses import dataclass

from dam.core.errors import UnreadableFileError
from dam.media.files.digests import sha256_of
from dam.media.files.source import open_source
from dam.services.processes.request import Request


@dataclass(frozen=True)
class FileDigest:
    """The SHA-256 of a file, or the error."""

    path: str
    size: int
    sha256: str | None
    error: str | None = None


@dataclass(frozen=True)
class DigestRequest(Request[FileDigest]):
    """Request for the SHA-256 of a file. Nothing is decoded."""

    def run(self) -> FileDigest:
        """Read the file."""
        try:
            with open_source(self.path) as (file, state):
                return FileDigest(self.path, state.size, sha256_of(file))
        except UnreadableFileError as exc:
            return FileDigest(self.path, self.size, None, str(exc))

    def give_up(self, reason: str) -> FileDigest:
        """Return the reason as error."""
        return FileDigest(self.path, self.size, None, reason)
