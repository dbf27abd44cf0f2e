"""Reading a source file once: digests, media type, and its bytes on their way into the store."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from dam.media.digests import Digests, digests_of
from dam.media.media_type import HEAD_BYTES, media_type
from dam.media.sample import Sample
from dam.media.source import FileState, chunks, open_source
from dam.storage.blob_store import BlobStore, StagedBlob

IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Files up to this size are held in one buffer while they are looked at; larger ones stream into the store."""


@dataclass
class StagedFile:
    """A file that has been read."""

    path: str
    state: FileState
    digests: Digests
    media_type: str
    blob: StagedBlob | None
    """The bytes on their way into the store; None when it has them."""
    content: bytes | None
    """The bytes, for a small file."""
    store: BlobStore

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return PurePath(self.path).name

    def sample(self) -> Sample:
        """Return the content for systems to look at."""
        return Sample(self._open, self.media_type)

    def _open(self) -> BinaryIO:
        if self.content is not None:
            return io.BytesIO(self.content)
        return self.blob.open() if self.blob else self.store.open(self.digests.sha256)

    def discard(self) -> None:
        """Drop what was not published."""
        if self.blob:
            self.blob.discard()


def stage(path: str, store: BlobStore) -> StagedFile:
    """Read a file once, and stage its bytes unless the store has them.

    Raises:
        UnreadableFileError: the file cannot be read, or changed meanwhile; nothing stays staged.
        StoreError: the store cannot take the bytes.

    """
    blob: StagedBlob | None = None
    content: bytes | None = None
    try:
        with open_source(path) as (file, state):
            if state.size <= IN_MEMORY_BYTES:
                content = b"".join(chunks(file))
                head, digests = content[:HEAD_BYTES], digests_of([content])
                if store.size(digests.sha256) != len(content):
                    blob = store.stage()
                    blob.write(content)
            else:
                blob = store.stage()
                stream = _Tee(chunks(file), blob)
                digests, head = digests_of(stream), stream.head
    except BaseException:
        if blob:
            blob.discard()
        raise
    return StagedFile(path, state, digests, media_type(head, PurePath(path).name), blob, content, store)


class _Tee:
    """Chunks that are written to a blob as they pass, and whose first bytes are kept."""

    def __init__(self, source: Iterable[bytes], blob: StagedBlob) -> None:
        self.source = source
        self.blob = blob
        self.head = b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.source:
            self.head = self.head or chunk[:HEAD_BYTES]
            self.blob.write(chunk)
            yield chunk
