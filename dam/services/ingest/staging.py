"""Read a source file once: compute its digests and media type, and stage its bytes in the store."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dam.core.errors import CannotShareError, StoreError
from dam.media.files.digests import Digests, digests_of
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import FileState, chunks, open_source
from dam.media.kinds import Kind, kind_of
from dam.media.metadata.sidecar import read_sidecar
from dam.media.sample import Sample
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.modes import Mode

MAX_IN_MEMORY_BYTES = 32 * 1024 * 1024
"""Maximum size of a file that is read into memory; larger files are streamed into the store."""


@dataclass(frozen=True)
class StagedFile:
    """A file that has been read. Picklable."""

    path: str
    state: FileState
    digests: Digests
    media_type: str
    blob: StagedBlob | None
    """The staged bytes; None if the store already has them, or the file is referenced."""

    @property
    def filename(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.path)

    def discard(self) -> None:
        """Discard the staged bytes, unless they have been published."""
        if self.blob:
            self.blob.discard()


class _Content(NamedTuple):
    """The result of reading a source."""

    digests: Digests
    head: bytes
    open: Callable[[], BinaryIO]
    blob: StagedBlob | None


def stage(
    path: str,
    store: BlobStore,
    mode: Mode = Mode.COPY,
    follow_links: bool = False,  # noqa: FBT001, FBT002  passed on from a request
) -> tuple[StagedFile, Sample]:
    """Read a file once, stage its bytes unless the store has them, and return it with a sample of its content.

    Raises:
        UnreadableFileError: the file cannot be read, or changed while it was read; nothing remains staged.
        CannotShareError: `mode` is REFLINK or HARDLINK, and the file system does not support it for this file.
        FileTooLargeError: the store has no room for so large a file.
        StoreError: the store cannot be written.

    """
    content: _Content | None = None
    try:
        with open_source(path, linking=mode is Mode.HARDLINK) as (file, state):
            content = _read(path, file, state.size, store, mode)
    except BaseException:
        if content and content.blob:
            content.blob.discard()
        raise
    if content.blob:
        content.blob.finish()
    found = media_type(content.head, os.path.basename(path))
    sidecar = read_sidecar(path, follow_links=follow_links) if kind_of(found) is Kind.IMAGE else None
    sample = Sample(content.open, found, sidecar=sidecar)
    return StagedFile(path, state, content.digests, found, content.blob), sample


def _read(path: str, file: BinaryIO, size: int, store: BlobStore, mode: Mode) -> _Content:
    if mode is Mode.REFERENCE:
        return _look(path, file)
    moving = os.fstat(file.fileno()) if mode is Mode.MOVE else None
    if mode in (Mode.REFLINK, Mode.HARDLINK):
        return _take(store, store.stage_shared(path, mode))
    if mode is Mode.AUTO:
        try:
            return _take(store, store.stage_shared(path, Mode.REFLINK))
        except CannotShareError:
            pass
    if size <= MAX_IN_MEMORY_BYTES:
        return _buffer(file, size, store, moving)
    return _stream(file, store, moving)


def _look(path: str, file: BinaryIO) -> _Content:
    """Read a file that is only referenced."""
    stream = _Tee(chunks(file), None)
    return _Content(digests_of(stream), stream.head, lambda: Path(path).open("rb"), None)


def _take(store: BlobStore, blob: StagedBlob) -> _Content:
    """Read a staged blob that shares its bytes with the source."""
    with _discard_on_error(blob):
        with blob.open() as file:
            stream = _Tee(chunks(file), None)
            digests = digests_of(stream)
        return _unless_stored(store, _Content(digests, stream.head, blob.open, blob), None)


def _buffer(file: BinaryIO, size: int, store: BlobStore, moving: os.stat_result | None) -> _Content:
    """Read a small file into memory; stage it only if the store lacks it."""
    data = file.read(size + 1)
    if len(data) != size:  # `open_source` notices what is added to the file after the read
        data += b"".join(chunks(file))
    digests = digests_of([data])
    if _is_stored(store, digests.sha256, len(data), moving):
        return _Content(digests, data[:HEAD_BYTES], partial(io.BytesIO, data), None)
    blob = store.stage(digests.sha256)
    with _discard_on_error(blob):
        blob.write(data)
    return _Content(digests, data[:HEAD_BYTES], partial(io.BytesIO, data), blob)


def _stream(file: BinaryIO, store: BlobStore, moving: os.stat_result | None) -> _Content:
    """Stream a large file into the store."""
    blob = store.stage()
    with _discard_on_error(blob):
        stream = _Tee(chunks(file), blob)
        digests = digests_of(stream)
        return _unless_stored(store, _Content(digests, stream.head, blob.open, blob), moving)


def _unless_stored(store: BlobStore, content: _Content, moving: os.stat_result | None) -> _Content:
    """Discard the staged bytes if the store has the content."""
    key = content.digests.sha256
    if content.blob is None or not _is_stored(store, key, content.blob.size, moving):
        return content
    content.blob.discard()
    return content._replace(blob=None, open=partial(store.open, key))


def _is_stored(store: BlobStore, key: str, size: int, moving: os.stat_result | None) -> bool:
    """Return whether the store has a content. It is read: what comes in again heals a blob that has rotted.

    `moving` is the source if it will be unlinked: then the blob must not be that file, nor linked to another.
    """
    try:
        return store.flaw(key, size, content=True, apart_from=moving) is None
    except StoreError:  # it cannot be read; if the store has failed, publishing says so
        return False


@contextmanager
def _discard_on_error(blob: StagedBlob) -> Iterator[None]:
    """Discard a blob if an exception is raised."""
    try:
        yield
    except BaseException:
        blob.discard()
        raise


class _Tee:
    """Iterator over chunks that writes them to a blob, if there is one, and keeps the first bytes in `head`."""

    def __init__(self, source: Iterable[bytes], blob: StagedBlob | None) -> None:
        self.source = source
        self.blob = blob
        self.head = b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.source:
            self.head = self.head or chunk[:HEAD_BYTES]
            if self.blob:
                self.blob.write(chunk)
            yield chunk
