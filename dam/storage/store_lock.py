"""The lock between those that store blobs and one that removes some: shared by the former, exclusive for the latter.

Whoever stores looks first whether the store has a blob, and relies on it until its rows are committed. Without a lock,
a collection could remove the blob between the two. The lock is flock(2) on the store's folder: it needs no file, ends
with its process however that ends, and holds against other machines where the file system carries it (NFS does since
Linux 2.6.12). Where there is no such lock, storing goes on, and nothing is removed.
"""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dam.core.errors import LockedError, StoreError

if sys.platform != "win32":
    import fcntl

MAX_REMOVAL_SECONDS = 60.0
"""How long those that store wait for a removal, which is short."""
MAX_USE_SECONDS = 5.0
"""How long a removal waits for those that store, which can take hours."""
RETRY_SECONDS = 0.005
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Hold the lock of those that store, together with others; wait while blobs are removed, which is short.

    Raises:
        LockedError: blobs are still being removed when the time is up.

    """
    with _locked(folder, exclusive=False):
        yield


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock of the one that removes.

    Raises:
        LockedError: an ingest runs, and has not ended when the time is up.
        StoreError: the file system has no locks.

    """
    with _locked(folder, exclusive=True) as is_locked:
        if not is_locked:
            raise StoreError(f"the store at {folder}: its file system has no locks, so nothing can be removed safely")
        yield


@contextmanager
def _locked(folder: Path, *, exclusive: bool) -> Iterator[bool]:
    """Hold a lock; give whether there are locks at all."""
    if sys.platform == "win32":
        yield False
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as exc:
        if exclusive:
            raise StoreError(f"the store at {folder}: {exc.strerror}") from exc
        yield False  # an ingest says itself what it lacks
        return
    try:
        yield _wait(folder, descriptor, exclusive=exclusive)
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a worker that was forked meanwhile shares the descriptor
        os.close(descriptor)


def _wait(folder: Path, descriptor: int, *, exclusive: bool) -> bool:
    """Take the lock of an open folder, and return True; False where there are no locks."""
    deadline = time.monotonic() + (MAX_USE_SECONDS if exclusive else MAX_REMOVAL_SECONDS)
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                user = "an ingest is using it" if exclusive else "blobs are being removed from it"
                raise LockedError(f"the store at {folder}: {user}: try again when that has ended") from None
            time.sleep(RETRY_SECONDS)
        except OSError as exc:
            if exc.errno in _NO_LOCKS:
                return False
            raise StoreError(f"the store at {folder}: {exc.strerror}") from exc
        else:
            return True
