"""How many copies of a content there are: in the store and in its mirrors."""

from collections.abc import Mapping, Sequence

from dam.core.errors import StoreError
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror
from dam.storage.blob_store import BlobStore


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
