"""The configured store of files."""

from functools import cache
from pathlib import Path

from dam.core.config import settings
from dam.media.files.digests import digests_of
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore


def configured_store() -> LocalBlobStore:
    """Return the store at `ASSET_STORAGE_PATH`; nothing is opened or made yet."""
    return _store_in(settings.ASSET_STORAGE_PATH)


@cache
def _store_in(folder: Path) -> LocalBlobStore:
    """Return the store in a folder: one each, since it has a folder for temporary files while the process lives."""
    return LocalBlobStore(folder)


def store_file(file_content: bytes, original_filename: str, store: BlobStore | None = None) -> str:  # noqa: ARG001
    """Store bytes durably and return their identifier, the SHA-256 as 64 hexadecimal digits.

    The name is the caller's to keep: the store knows bytes only.

    Raises:
        StoreError: the store cannot be written.

    """
    store = store or configured_store()
    identifier = digests_of([file_content]).sha256
    blob = None
    if store.size(identifier) != len(file_content):
        blob = store.stage()
        blob.write(file_content)
    store.publish({identifier: blob})
    return identifier


def get_file_path(file_identifier: str, store: BlobStore | None = None) -> Path | None:
    """Return the file that holds the bytes, or None when the store has none.

    Raises:
        UsageError: the identifier is not exactly 64 lower-case hexadecimal digits; no file is touched.

    """
    return (store or configured_store()).path(file_identifier)
