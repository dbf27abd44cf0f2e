"""How many copies of a content there are: in the store and in its mirrors."""

import os
from collections.abc import Iterable, Mapping, Sequence

from dam.core.errors import StoreError
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore


def copies_of(library: Library, sizes: Mapping[str, int], mirrors: Sequence[OpenMirror]) -> dict[str, int]:
    """Return the number of copies of some contents, given with their sizes: regular files of that size.

    Nothing is read: `verify --content` does that. A source path is no copy: the library does not keep it.
    """
    stores: list[BlobStore] = [library.store, *(mirror.store for mirror in mirrors)]
    return {key: sum(has_copy(store, key, size) for store in stores) for key, size in sizes.items()}


def has_copy(store: BlobStore, key: str, size: int) -> bool:
    """Return whether a store has a regular file of this size in the place of a blob. It is not read."""
    try:
        flaw = store.flaw(key, size)
    except StoreError:
        return False
    return flaw is None or not flaw.is_damage


def has_sound_copy(store: BlobStore, key: str, size: int) -> bool:
    """Return whether a store has a sound blob. It is read."""
    try:
        return store.flaw(key, size, content=True) is None
    except (StoreError, OSError):
        return False


def sound_copies(
    store: BlobStore, mirrors: Iterable[BlobStore], key: str, size: int, *, enough: int, apart_from: os.stat_result
) -> int:
    """Return the number of sound copies: that of the store, which the caller has read, and those in mirrors, read now.

    Each is a file of its own, and another one than the open file of a source. Once there are `enough`, no other mirror
    is asked.
    """
    files = {_identity(store, key)}
    for mirror in mirrors:
        if len(files) >= enough:
            break
        try:
            if mirror.flaw(key, size, content=True, apart_from=apart_from) is None:
                files.add(_identity(mirror, key))
        except (StoreError, OSError):
            continue
    return len(files)


def other_copies(
    store: LocalBlobStore, others: Iterable[LocalBlobStore], key: str, size: int, *, content: bool
) -> list[LocalBlobStore]:
    """Return the stores that have a copy of a blob in a file of its own. With `content`, the first sound one is enough.

    Without `content` nothing is read: a regular file of its size is a copy.
    """
    found = []
    for other in others:
        try:
            flaw = other.flaw(key, size, content=content, apart_from=os.lstat(store.place(key)))
        except (StoreError, OSError):
            continue
        if flaw is None:
            found.append(other)
            if content:
                break
    return found


def _identity(store: BlobStore, key: str) -> tuple[int, int] | None:
    """Return what tells the file of a blob from others, by whatever path."""
    path = store.path(key)
    if path is None:
        return None
    status = os.lstat(path)
    return status.st_dev, status.st_ino
