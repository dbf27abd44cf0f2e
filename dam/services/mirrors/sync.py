"""Copy to a mirror what it lacks. It never deletes; a damaged copy goes to the quarantine of the mirror."""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from dam.core import private
from dam.core.durable import flush
from dam.core.errors import UnreadableFileError
from dam.models.blob_check import BlobCheck
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.mirrors.copies import has_copy
from dam.services.mirrors.mirrors import OpenMirror
from dam.services.mirrors.transfer import publish_copies, stage_copy
from dam.services.sources.places import Place, places
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.local import LocalBlobStore
from dam.storage.local_staging import naming
from dam.storage.reading import open_blob

MANIFEST = "manifest"
MAX_BATCH_FILES = 256
MAX_BATCH_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Copied:
    """A blob that a mirror has now; with an `error`, it could not be copied."""

    sha256: str
    size: int
    error: str | None = None


def sync(library: Library, mirror: OpenMirror) -> Generator[Copied, None, None]:
    """Copy the blobs and the manifest that a mirror lacks; yield each blob once it is durable there and was read back.

    Raises:
        StoreError: the mirror cannot be written.

    """
    mirror.store.sweep()
    try:
        for batch in _batches(library, mirror):
            yield from _copy(library, mirror, batch)
        _copy_manifest(library.store, mirror.store)
    finally:
        mirror.store.close()


def _batches(library: Library, mirror: OpenMirror) -> Iterator[list[Place]]:
    """Yield the contents that the mirror lacks, a bounded number of bytes at a time."""
    batch: list[Place] = []
    size = 0
    for place in places(library):
        if place.is_referenced or not place.is_consistent or has_copy(mirror.store, place.identifier, place.size or 0):
            continue
        batch.append(place)
        size += place.size or 0
        if len(batch) >= MAX_BATCH_FILES or size >= MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _copy(library: Library, mirror: OpenMirror, batch: list[Place]) -> list[Copied]:
    """Copy some blobs; record those that were read back."""
    staged: dict[str, StagedBlob] = {}
    errors = {place.identifier: _stage(library.store, mirror.store, place.identifier, staged) for place in batch}
    for key in publish_copies(mirror.store, staged):
        errors[key] = "the mirror gives back another content: check its disk"
    now = datetime.now(UTC)
    intact = [key for key, error in errors.items() if error is None]
    with library.write() as session:
        ecs.put_rows(
            session,
            BlobCheck,
            [{"store_id": mirror.info.id, "sha256": key, "checked_at": now} for key in sorted(intact)],
        )
    return [Copied(place.identifier, place.size or 0, errors[place.identifier]) for place in batch]


def _stage(source: BlobStore, target: BlobStore, key: str, staged: dict[str, StagedBlob]) -> str | None:
    """Copy a blob to a temporary file of the mirror; return why not."""
    try:
        with open_blob(source, key) as file:
            blob = stage_copy(file, target, key)
    except (UnreadableFileError, OSError) as exc:
        return f"the blob cannot be read: {exc}"
    if blob is None:
        return "the blob is damaged"
    staged[key] = blob
    return None


def _copy_manifest(source: BlobStore, target: LocalBlobStore) -> None:
    """Copy the files of the manifest that differ in size: lines are only ever appended to them."""
    if source.root is None or not (folder := source.root / MANIFEST).is_dir():
        return
    copies = target.root / MANIFEST
    with naming(copies):
        with suppress(FileExistsError):
            private.make_folder(str(copies), target.umask)
        for file in sorted(folder.glob("*.jsonl")):
            copy = copies / file.name
            if not copy.exists() or copy.stat().st_size != file.stat().st_size:
                _replace(file, copy, target.umask)
        flush(copies)


def _replace(file: Path, copy: Path, umask: int) -> None:
    temporary = copy.with_name(f".{copy.name}.{uuid4().hex}")
    try:
        private.make_file(str(temporary), umask)
        shutil.copyfile(file, temporary)
        flush(temporary)
        os.replace(temporary, copy)
    finally:
        temporary.unlink(missing_ok=True)
