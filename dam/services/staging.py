"""Reading a source file once: digests, media type, and its bytes on their way into the store."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from dam.media.digests import Digests, digests_of
from dam.media.media_type import HEAD_BYTES, media_type
from dam.media.sample import Sample
from dam.media.source import FileState, chunks, open_source
from dam.storage.blob_store import BlobStore, StagedBlob

IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Files up to this size are held in one buffer while they are looked at; larger ones stream into the store."""


@dataclass(frozen=True)
class StagedFile:
    """A file that has been read. It can cross to another process."""

    path: str
    state: FileState
    digests: Digests
    media_type: str
    blob: StagedBlob | None
    """The bytes on their way into the store; None when it has them."""

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return PurePath(self.path).name

    def discard(self) -> None:
        """Drop what was not published."""
        if self.blob:
            self.blob.discard()


def stage(path: str, store: BlobStore) -> tuple[StagedFile, Sample]:
    """Read a file once, stage its bytes unless the store has them, and return it with its content to look at.

    Raises:
        UnreadableFileError: the file cannot be read, or changed meanwhile; nothing stays staged.
        StoreError: the store cannot take the bytes.

    """
    blob: StagedBlob | None = None
    try:
        with open_source(path) as (file, state):
            if state.size <= IN_MEMORY_BYTES:
                content = b"".join(chunks(file))
                digests = digests_of([content])
                if store.size(digests.sha256) != len(content):
                    blob = store.stage()
                    blob.write(content)
                open_content: Callable[[], BinaryIO] = partial(io.BytesIO, content)
                head = content[:HEAD_BYTES]
            else:
                blob = store.stage()
                stream = _Tee(chunks(file), blob)
                digests, head = digests_of(stream), stream.head
                open_content = blob.open
        if blob:
            blob.finish()
    except BaseException:
        if blob:
            blob.discard()
        raise
    found = media_type(head, PurePath(path).name)
    return StagedFile(path, state, digests, found, blob), Sample(open_content, found)


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
