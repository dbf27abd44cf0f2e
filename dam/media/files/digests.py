"""Compute SHA-256 (FIPS 180-4) and MD5 (RFC 1321) digests in one pass."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

BUFFER_BYTES = 256 * 1024
"""Bytes that are read at once to be hashed only: they stay in the cache of a core (tests/bench/verify.py)."""


class Stopped(Exception):  # noqa: N818  no error: whoever asked is not interested any more
    """The reading of a file was stopped."""


@dataclass(frozen=True)
class Digests:
    """Digests of a content, as lower-case hexadecimal digits."""

    sha256: str
    md5: str


def digests_of(chunks: Iterable[bytes]) -> Digests:
    """Return the digests of the concatenated chunks."""
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    for chunk in chunks:
        sha256.update(chunk)
        md5.update(chunk)
    return Digests(sha256.hexdigest(), md5.hexdigest())


def sha256_of(file: BinaryIO, stop: threading.Event | None = None, buffer: bytearray | None = None) -> str:
    """Return the SHA-256 of the rest of a file, as lower-case hexadecimal digits. `buffer`: to read it with.

    Raises:
        Stopped: `stop` was set meanwhile.

    """
    digest = hashlib.sha256()
    for chunk in buffers(file, buffer):
        if stop is not None and stop.is_set():
            raise Stopped
        digest.update(chunk)
    return digest.hexdigest()


def buffers(file: BinaryIO, buffer: bytearray | None = None) -> Iterator[memoryview]:
    """Yield the rest of a file, each time in the same buffer: use it before the next one is asked for."""
    view = memoryview(bytearray(BUFFER_BYTES) if buffer is None else buffer)
    while length := file.readinto(view):  # type: ignore[attr-defined]
        yield view[:length]
