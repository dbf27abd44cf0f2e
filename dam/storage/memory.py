"""A store in memory, for tests: the same contract, and nothing that lasts."""

import io
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import BinaryIO

from dam.core.errors import CannotShareError, ForeignStoreError, StoreError
from dam.storage.blob_store import StagedBlob, checked_key
from dam.storage.flaw import Flaw, FlawKind, stream_flaw
from dam.storage.modes import Mode


class MemoryStagedBlob:
    """Bytes that have not been published."""

    is_shared: bool | None = False
    healed: str | None = None

    def __init__(self) -> None:
        self._data = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._data += data
        self.size = len(self._data)

    def open(self) -> BinaryIO:
        """Open what has been written so far."""
        return io.BytesIO(self._data)

    def finish(self) -> None:
        """Do nothing."""

    def discard(self) -> None:
        """Drop the bytes."""
        self._data.clear()


class MemoryManifest:
    """Segments in a list."""

    def __init__(self) -> None:
        self._segments: list[bytes] = []
        self._lock = RLock()

    def numbers(self) -> Sequence[int]:
        """Return the numbers of all segments."""
        return range(1, len(self._segments) + 1)

    def open(self, number: int) -> BinaryIO:
        """Open a segment."""
        try:
            return io.BytesIO(self._segments[number - 1])
        except IndexError:
            raise StoreError(f"the manifest in memory has no segment {number}") from None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Exclude other threads."""
        with self._lock:
            yield

    def append(self, data: bytes, *, new_segment: bool = False) -> None:
        """Append to the last segment, or begin one."""
        if new_segment or not self._segments:
            self._segments.append(data)
        else:
            self._segments[-1] += data


class MemoryBlobStore:
    """Blobs in a dictionary."""

    storage_type = "memory"
    root: Path | None = None

    def __init__(self) -> None:
        self.manifest = MemoryManifest()
        self._blobs: dict[str, bytes] = {}
        self._published: dict[str, float] = {}
        self._library_id: str | None = None
        self._since: float | None = None
        self._folder: TemporaryDirectory[str] | None = None

    def stage(self, key: str | None = None) -> StagedBlob:
        """Begin a blob."""
        if key is not None:
            checked_key(key)
        self._since = self._since or time.time()
        return MemoryStagedBlob()

    def stage_shared(self, source: str, mode: Mode) -> StagedBlob:  # noqa: ARG002  it is not read
        """Raise an error: memory cannot share bytes with files."""
        raise CannotShareError(f"cannot come into memory as a {mode.value}: use --mode copy")

    def publish(self, staged: Mapping[str, StagedBlob | None]) -> None:
        """Make blobs visible."""
        for key in staged:
            checked_key(key)
        for key, blob in staged.items():
            if blob is None:
                self._existing(key)
                continue
            if flaw := self.flaw(key, blob.size, content=True):
                blob.healed = None if flaw.kind is FlawKind.MISSING else flaw.detail
                self._blobs[key] = blob.open().read()
                self._published[key] = time.time()
            blob.discard()

    def flaw(
        self,
        key: str,
        size: int,
        *,
        content: bool | bytes = False,
        apart_from: os.stat_result | None = None,  # noqa: ARG002  no blob is a file
    ) -> Flaw | None:
        """Return what is wrong with a blob, or None."""
        return stream_flaw(self, key, size, content=content)

    def size(self, key: str) -> int | None:
        """Return the size of a blob, or None."""
        blob = self._blobs.get(checked_key(key))
        return None if blob is None else len(blob)

    def open(self, key: str) -> BinaryIO:
        """Open a blob."""
        return io.BytesIO(self._existing(key))

    def path(self, key: str) -> Path | None:
        """Return None: no blob is in a file."""
        checked_key(key)
        return None

    def file(self, key: str) -> Path:
        """Return a temporary copy of a blob."""
        blob, copy = self._existing(key), Path(self._temporary(), key)
        if not copy.exists() or copy.stat().st_size != len(blob):
            new = copy.with_suffix(".new")
            new.write_bytes(blob)
            new.replace(copy)
        return copy

    def keys(self) -> Iterator[str]:
        """Yield the keys."""
        yield from sorted(self._blobs)

    def published_at(self, key: str) -> float:
        """Return when a blob was published."""
        self._existing(key)
        return self._published[key]

    def unsettled_since(self) -> float | None:
        """Return when this process first staged something; None before, and once the store is closed."""
        return self._since

    def clock(self) -> float:
        """Return the time of this process."""
        return time.time()

    def in_use(self) -> AbstractContextManager[None]:
        """Do nothing: nobody else sees these blobs."""
        return nullcontext()

    def alone(self) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def remove(self, key: str) -> int:
        """Drop a blob."""
        size = self.size(key)
        self._blobs.pop(key, None)
        return size or 0

    def __reduce__(self) -> "tuple[type[MemoryBlobStore], tuple[()]]":
        """Pickle as an empty store: what another process stages in it comes back as bytes."""
        return MemoryBlobStore, ()

    def sweep(self) -> None:
        """Do nothing: what was staged has gone with its process."""

    def marker(self) -> str | None:
        """Return the library's id."""
        return self._library_id

    def check_marker(self, library_id: str) -> None:
        """Check that the store belongs to the library."""
        if self._library_id != library_id:
            raise ForeignStoreError(f"the store in memory is not that of library {library_id}")

    def write_marker(self, library_id: str) -> None:
        """Make this the store of a library."""
        self._library_id = self._library_id or library_id
        self.check_marker(library_id)

    def cache_folder(self) -> Path:
        """Return a temporary folder, which goes when the store is closed."""
        return Path(self._temporary(), "cache")

    def close(self) -> None:
        """Remove the temporary folder; what is staged lives as long as its owner holds it."""
        self._since = None
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _existing(self, key: str) -> bytes:
        try:
            return self._blobs[checked_key(key)]
        except KeyError:
            raise StoreError(f"blob {key} is not in the store") from None

    def _temporary(self) -> str:
        self._folder = self._folder or TemporaryDirectory(prefix="dam-")
        return self._folder.name
