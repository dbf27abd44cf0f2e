"""Store and look up files in the configured store."""

from functools import cache
from pathlib import Path

from dam.core.config import settings
from dam.media.files.digests import digests_of
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore


def configured_store() -> LocalBlobStore:
    """Return the store at `ASSET_STORAGE_PATH`, without opening or creating anything."""
    return _store_in(settings.ASSET_STORAGE_PATH)


@cache
def _store_in(folder: Path) -> LocalBlobStore:
    """Return the store of a folder. Cached: a store owns a folder of temporary files until the process ends."""
    return LocalBlobStore(folder)


def store_file(file_content: bytes, original_filename: str, store: BlobStore | None = None) -> str:  # noqa: ARG001
    """Store bytes durably and return their identifier, the SHA-256 as 64 hexadecimal digits.

    The store does not record `original_filename`.

    Raises:
        StoreError: the store cannot be written.

    """
    store = store or configured_store()
    identifier = digests_of([file_content]).sha256
    blob = None
    if store.flaw(identifier, len(file_content), content=True):
        blob = store.stage()
        blob.write(file_content)
    store.publish({identifier: blob})
    return identifier


def get_file_path(file_identifier: str, store: BlobStore | None = None) -> Path | None:
    """Return the path of a stored file; None if the store does not have it.

    Raises:
        UsageError: the identifier is not 64 lower-case hexadecimal digits. No file is accessed.

    """
    return (store or configured_store()).path(file_identifier)
