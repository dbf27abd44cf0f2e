"""Put a sound copy of a blob into a store: checked while it is copied, and read back once it is durable."""

import hashlib
from typing import BinaryIO

from dam.core.errors import UnreadableFileError
from dam.core.interrupts import deferred
from dam.media.files.digests import buffers, sha256_of
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.local import LocalBlobStore
from dam.storage.reading import open_blob, past_the_cache


def stage_copy(file: BinaryIO, target: BlobStore, key: str) -> StagedBlob | None:
    """Copy a file to a temporary file of a store; return None, and leave nothing, where its digest is not `key`.

    Raises:
        OSError: the file cannot be read.
        StoreError: the store cannot be written.

    """
    blob = target.stage(key)
    try:
        digest = hashlib.sha256()
        for chunk in buffers(file):
            digest.update(chunk)
            blob.write(bytes(chunk))
        if digest.hexdigest() == key:
            blob.finish()
            return blob
    except BaseException:
        blob.discard()
        raise
    blob.discard()
    return None


def publish_copies(target: BlobStore, staged: dict[str, StagedBlob]) -> list[str]:
    """Publish copies durably, and read them back; return the keys of those that then have another content."""
    with deferred():
        target.publish(staged)
    return [key for key in staged if not is_sound(target, key)]


def is_sound(store: BlobStore, key: str) -> bool:
    """Return whether a blob can be read from the device, and has the content of its name."""
    try:
        with open_blob(store, key) as file:
            if isinstance(store, LocalBlobStore):
                past_the_cache(file)
            return sha256_of(file) == key
    except (UnreadableFileError, OSError):
        return False
