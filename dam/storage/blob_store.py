"""The contract of a blob store; `tests/storage/test_conformance.py` tests every implementation."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from dam.core.errors import UsageError
from dam.storage.flaw import Flaw
from dam.storage.manifest import Manifest
from dam.storage.modes import Mode

_KEY = re.compile(r"[0-9a-f]{64}")


class StagedBlob(Protocol):
    """Bytes staged for a store, invisible until they are published."""

    size: int
    is_shared: bool | None
    """Whether it shares its bytes with the source (reflink or hard link); None once discarded."""
    healed: str | None
    """What was wrong with the blob in whose place it was published; None if there was none."""

    def write(self, data: bytes) -> None:
        """Append `data`; StoreError if the store cannot be written."""

    def open(self) -> BinaryIO:
        """Open the bytes written so far for reading from the start."""

    def finish(self) -> None:
        """Finish writing. Idempotent. A finished blob can be handed to another process."""

    def discard(self) -> None:
        """Discard the bytes and free their space. Idempotent; does nothing once published."""


class BlobStore(Protocol):
    """Immutable blobs, each under the SHA-256 of its bytes as 64 lower-case hexadecimal digits.

    Every method that takes a key raises UsageError, before it touches anything, when the key has another form, and
    StoreError when the store fails.

    A store can be pickled. The copy stages blobs in another process, for this one to publish; what is left of them is
    dropped when this store is closed.
    """

    storage_type: str

    @property
    def root(self) -> Path | None:
        """The folder that the store is in, which an ingest leaves out; None for a store that is in no folder."""

    def stage(self, key: str | None = None) -> StagedBlob:
        """Begin a blob. Concurrent stagings, also in other processes, are independent.

        `key`, where it is known by now, lets the store make its place ready: whoever stages may be one of many, and
        whoever publishes is one.
        """

    def stage_shared(self, source: str, mode: Mode) -> StagedBlob:
        """Begin a blob that shares the bytes of a file (REFLINK, HARDLINK) instead of copying them, all at once.

        CannotShareError when this store, or its file system, has no such thing for this file.
        """

    def publish(self, staged: Mapping[str, StagedBlob | None]) -> None:
        """Make blobs visible under their keys, each one atomically, and durable by the time this returns.

        None instead of a staged blob vouches for one that is there already and makes it durable. A key that has a
        sound blob keeps it: it is read now. Anything else in its place is replaced, and set aside first if it has not
        the same bytes. The caller answers for the key: it computed the digest of the bytes that it wrote.
        """

    def flaw(
        self, key: str, size: int, *, content: bool | bytes = False, apart_from: os.stat_result | None = None
    ) -> Flaw | None:
        """Return why a blob of `size` bytes is not to be trusted; None if the store has it: see `dam.storage.flaw`.

        With `content`, read it and compare its digest, or compare it with these bytes. `apart_from` is the open file of
        a source that is to be unlinked: the blob must be another file, and share its bytes with no file of the user.
        StoreError when the blob cannot be read.
        """

    def size(self, key: str) -> int | None:
        """Return the number of bytes stored under `key`; None if there is no regular file."""

    def open(self, key: str) -> BinaryIO:
        """Open the blob for reading; StoreError when there is none."""

    def path(self, key: str) -> Path | None:
        """Return the file that holds the blob; None if there is no blob, or the store has no files."""

    def file(self, key: str) -> Path:
        """Return a file to read the blob from: its own, or a temporary copy; StoreError when there is no blob.

        Other processes can read it, too. A copy lasts until the store is closed.
        """

    def keys(self) -> Iterator[str]:
        """Yield the keys of all blobs in ascending order."""

    def published_at(self, key: str) -> float:
        """Return when a blob was published, in seconds by the store's own clock; StoreError when there is none."""

    def unsettled_since(self) -> float | None:
        """Return when the oldest process that is storing blobs now began; None if there is none.

        By the same clock as `published_at`. A blob that was published since then may get its owner yet.
        """

    def clock(self) -> float:
        """Return what time it is now, by the same clock as `published_at`."""

    def in_use(self) -> AbstractContextManager[None]:
        """Keep `remove` from other processes away while blobs are looked up, published, and recorded.

        Several processes can be in such a block at once. LockedError when a removal does not end.
        """

    def alone(self) -> AbstractContextManager[None]:
        """Keep everybody who is `in_use` out, to `remove` blobs. To be held for a short time.

        LockedError when somebody stays in such a block, and StoreError where that cannot be told.
        """

    def remove(self, key: str) -> int:
        """Remove a blob; return how many bytes that frees: none if another name has them, or there is no blob.

        The caller is `alone`, and has found out that no asset has it.
        """

    def sweep(self) -> None:
        """Discard what killed processes have staged. What living processes stage is not touched."""

    @property
    def manifest(self) -> Manifest:
        """The manifest: what gives the database back when it is lost."""

    def marker(self) -> str | None:
        """Return the id of the library that the store belongs to; None where it has no marker."""

    def check_marker(self, library_id: str) -> None:
        """Check that the store belongs to a library.

        ForeignStoreError when it has no marker, as a folder where nothing is mounted, or that of another library.
        """

    def write_marker(self, library_id: str) -> None:
        """Make this the store of a library, durably. Idempotent; ForeignStoreError when it is that of another."""

    def cache_folder(self) -> Path:
        """Return the folder for derived files, such as thumbnails; it may not exist yet.

        Whoever writes there makes it. It may be emptied at any time.
        """

    def close(self) -> None:
        """Discard everything staged and not published, and the copies that `file` made. Idempotent."""


def checked_key(key: str) -> str:
    """Return `key` if it is 64 lower-case hexadecimal digits; UsageError otherwise."""
    if not is_key(key):
        raise UsageError(f"{key!r} is not a file identifier: it must be 64 lower-case hexadecimal digits")
    return key


def is_key(text: str) -> bool:
    """Tell whether a text has the form of a key."""
    return _KEY.fullmatch(text) is not None
