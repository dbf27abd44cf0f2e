"""A store in memory, for tests: the same contract, nothing on disk."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import CannotShareError, StoreError
from dam.storage.blob_store import StagedBlob, checked_key
from dam.storage.modes import Mode


class MemoryStagedBlob:
    """Bytes that have not been published."""

    is_shared: bool | None = False

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


class MemoryBlobStore:
    """Blobs in a dictionary."""

    storage_type = "memory"

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def stage(self, key: str | None = None) -> StagedBlob:
        """Begin a blob."""
        if key is not None:
            checked_key(key)
        return MemoryStagedBlob()

    def stage_shared(self, source: str, mode: Mode) -> StagedBlob:
        """Raise an error: memory cannot share bytes with files."""
        raise CannotShareError(f"{source} cannot come into memory as a {mode.value}")

    def publish(self, staged: Mapping[str, StagedBlob | None]) -> None:
        """Make blobs visible."""
        for key in staged:
            checked_key(key)
        for key, blob in staged.items():
            if blob is None:
                if self.size(key) is None:
                    raise StoreError(f"blob {key} is not in the store")
                continue
            if self.size(key) != blob.size:
                self._blobs[key] = blob.open().read()
            blob.discard()

    def size(self, key: str) -> int | None:
        """Return the size of a blob, or None."""
        blob = self._blobs.get(checked_key(key))
        return None if blob is None else len(blob)

    def open(self, key: str) -> BinaryIO:
        """Open a blob."""
        if self.size(key) is None:
            raise StoreError(f"blob {key} is not in the store")
        return io.BytesIO(self._blobs[key])

    def path(self, key: str) -> Path | None:
        """Return None: no blob is in a file."""
        checked_key(key)
        return None

    def keys(self) -> Iterator[str]:
        """Yield the keys."""
        yield from sorted(self._blobs)

    def close(self) -> None:
        """Do nothing: what is staged lives as long as its owner holds it."""
