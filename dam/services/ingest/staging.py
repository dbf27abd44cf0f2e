"""Read a source file once: compute its digests and media type, and stage its bytes in the store."""

import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from time import time_ns
from typing import BinaryIO, NamedTuple

from dam.core.errors import CannotShareError, StoreError, UnreadableFileError
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
MAX_UNTOLD_BYTES = 1024 * 1024 * 1024
"""Maximum size of a file that says a smaller one; /proc/self/pagemap says 0, and has hundreds of gigabytes."""
FIRST_READ_BYTES = 64 * 1024
"""Size of the first read of a file that is empty, or says so: files of procfs have the size 0."""


@dataclass(frozen=True)
class StagedFile:
    """A file that has been read. Picklable."""

    path: str
    state: FileState
    digests: Digests
    media_type: str
    blob: StagedBlob | None
    """The staged bytes; None if the store already has them, or the file is referenced."""
    size: int
    """Number of bytes that were read. The size in `state` can differ, as it does in procfs."""
    is_settled: bool
    """Whether `state` shows every change since; see `FileState.is_settled`."""

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
    size: int
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
    began_at = time_ns()
    try:
        with open_source(path, linking=mode is Mode.HARDLINK) as (file, state):
            content = _read(path, file, state.size, store, mode)
    except BaseException:
        if content and content.blob:
            content.blob.discard()
        raise
    if content.blob:
        content.blob.finish()
    found = media_type(content.head, os.path.basename(path), content.open)
    sidecar = read_sidecar(path, follow_links=follow_links) if kind_of(found) is Kind.IMAGE else None
    sample = Sample(content.open, found, sidecar=sidecar)
    is_settled = state.is_settled(began_at)
    return StagedFile(path, state, content.digests, found, content.blob, content.size, is_settled), sample


def _read(path: str, file: BinaryIO, size: int, store: BlobStore, mode: Mode) -> _Content:
    if mode is Mode.REFERENCE:
        return _look(path, file)
    moving = os.fstat(file.fileno()) if mode is Mode.MOVE else None
    if mode is Mode.HARDLINK:
        return _link(path, file, store)
    if mode is Mode.REFLINK:
        return _take(store, store.stage_shared(path, mode))
    if mode is Mode.AUTO:
        try:
            return _take(store, store.stage_shared(path, Mode.REFLINK))
        except CannotShareError:
            pass
    if size <= MAX_IN_MEMORY_BYTES:
        return _buffer(file, size, store, moving)
    free = shutil.disk_usage(store.root).free if store.root else size
    return _stream(chunks(file), store, moving) if size <= free else _known(file, size, free, store, moving)


def _look(path: str, file: BinaryIO) -> _Content:
    """Read a file that is only referenced."""
    stream = _Tee(chunks(file), None)
    return _Content(digests_of(stream), stream.head, stream.size, lambda: Path(path).open("rb"), None)


def _link(path: str, file: BinaryIO, store: BlobStore) -> _Content:
    """Read a file, and link it unless the store has it: a link, even a discarded one, sets the change time."""
    stream = _Tee(chunks(file), None)
    digests = digests_of(stream)
    if _is_stored(store, digests.sha256, stream.size, None):
        return _Content(digests, stream.head, stream.size, partial(store.open, digests.sha256), None)
    blob = store.stage_shared(path, Mode.HARDLINK)
    with _discard_on_error(blob), blob.open() as linked:
        if not os.path.samestat(os.fstat(linked.fileno()), os.fstat(file.fileno())):
            raise UnreadableFileError("changed while it was read: try again")
    return _Content(digests, stream.head, stream.size, blob.open, blob)


def _take(store: BlobStore, blob: StagedBlob) -> _Content:
    """Read a staged blob that shares its bytes with the source."""
    with _discard_on_error(blob):
        with blob.open() as file:
            stream = _Tee(chunks(file), None)
            digests = digests_of(stream)
        return _unless_stored(store, _Content(digests, stream.head, stream.size, blob.open, blob), None)


def _buffer(file: BinaryIO, size: int, store: BlobStore, moving: os.stat_result | None) -> _Content:
    """Read a small file into memory; stage it only if the store lacks it."""
    parts, length = [], 0
    for part in chunks(file, size + 1 if size else FIRST_READ_BYTES):
        parts.append(part)
        length += len(part)
        if length > size:  # it says a wrong size, as in procfs, and may be large
            return _stream(_bounded(chain(parts, chunks(file)), size), store, moving)
        if length == size:  # the end: `open_source` notices what is added to the file now
            break
    data = b"".join(parts)
    digests = digests_of([data])
    content = _Content(digests, data[:HEAD_BYTES], len(data), partial(io.BytesIO, data), None)
    if _is_stored(store, digests.sha256, data, moving):
        return content
    blob = store.stage(digests.sha256)
    with _discard_on_error(blob):
        blob.write(data)
    return content._replace(blob=blob)


def _bounded(source: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the chunks of a file that has more bytes than it says; one without an end would fill the disk."""
    length = 0
    for chunk in source:
        length += len(chunk)
        if length > MAX_UNTOLD_BYTES:
            raise UnreadableFileError(f"says that it has {size:,} bytes, and has more than {MAX_UNTOLD_BYTES:,}")
        yield chunk


def _stream(source: Iterable[bytes], store: BlobStore, moving: os.stat_result | None) -> _Content:
    """Stream a large file into the store."""
    blob = store.stage()
    with _discard_on_error(blob):
        stream = _Tee(source, blob)
        digests = digests_of(stream)
        return _unless_stored(store, _Content(digests, stream.head, stream.size, blob.open, blob), moving)


def _known(file: BinaryIO, size: int, free: int, store: BlobStore, moving: os.stat_result | None) -> _Content:
    """Read a file for which the store has no room, unless it has it already.

    A file that is too large stops no run. A sparse one is not read: that could take days.
    """
    allocated = getattr(os.fstat(file.fileno()), "st_blocks", 0) * 512  # stat(2): in units of 512 bytes
    if allocated >= size:
        stream = _Tee(chunks(file), None)
        digests = digests_of(stream)
        if _is_stored(store, digests.sha256, stream.size, moving):
            return _Content(digests, stream.head, stream.size, partial(store.open, digests.sha256), None)
    raise UnreadableFileError(f"is too large for the store: it has {size:,} bytes, and {free:,} are free")


def _unless_stored(store: BlobStore, content: _Content, moving: os.stat_result | None) -> _Content:
    """Discard the staged bytes if the store has the content."""
    key = content.digests.sha256
    if content.blob is None or not _is_stored(store, key, content.size, moving):
        return content
    content.blob.discard()
    return content._replace(blob=None, open=partial(store.open, key))


def _is_stored(store: BlobStore, key: str, content: int | bytes, moving: os.stat_result | None) -> bool:
    """Return whether the store has a content, given its bytes or only its size.

    The blob is read: what comes in again heals one that has rotted.

    `moving` is the source if it will be unlinked: then the blob must not be that file, nor linked to another.
    """
    try:
        if isinstance(content, bytes):
            return store.flaw(key, len(content), content=content or True, apart_from=moving) is None
        return store.flaw(key, content, content=True, apart_from=moving) is None
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
    """Iterator over chunks that writes them to a blob, if there is one; counts them, and keeps the first in `head`."""

    def __init__(self, source: Iterable[bytes], blob: StagedBlob | None) -> None:
        self.source = source
        self.blob = blob
        self.head = b""
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.source:
            self.head = self.head or chunk[:HEAD_BYTES]
            self.size += len(chunk)
            if self.blob:
                self.blob.write(chunk)
            yield chunk
