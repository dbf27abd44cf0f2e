"""Finish, the last stage of an ingest: return outcomes, and unlink moved sources."""

import os
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import StoreError, UnreadableFileError
from dam.media.files.digests import digests_of
from dam.media.files.source import FileState, chunks, open_source
from dam.services.ingest.outcome import Outcome, Status, Unchanged
from dam.services.ingest.resolve import Resolved
from dam.services.ingest.staging import StagedFile
from dam.services.ingest.writer import Asset
from dam.services.mirrors.copies import sound_copies
from dam.storage.blob_store import BlobStore, is_key
from dam.storage.local import MARKER


def outcome_of(resolved: Resolved, asset: Asset) -> Outcome:
    """Return the outcome of a file that was read and written."""
    file = resolved.file
    if asset.is_new:
        status = Status.ADDED
    else:
        status = Status.LINKED if asset.is_linked else Status.UNCHANGED
    return Outcome(
        file.path,
        status,
        entity_id=asset.entity_id,
        sha256=file.digests.sha256,
        md5=file.digests.md5,
        media_type=file.media_type,
        size=file.size,
        replaces=asset.replaces,
        took_over=asset.took_over,
        error=resolved.analysis.error if resolved.analysis else None,
        obstacle=resolved.analysis.obstacle if resolved.analysis else None,
        is_shared=file.blob.is_shared if file.blob else None,
        is_restored=asset.is_restored,
        healed=file.blob.healed if file.blob else None,
    )


@dataclass(frozen=True)
class Copies:
    """Where the content of a moved source must be."""

    store: BlobStore
    mirrors: Sequence[BlobStore] = ()
    min_copies: int = 1

    def flaw(self, file: StagedFile, source: os.stat_result) -> str | None:
        """Return why there are not enough sound copies of a source, which is open; all that count are read."""
        key, size = file.digests.sha256, file.state.size
        if flaw := self.store.flaw(key, size, content=True, apart_from=source):
            return f"was not removed: the blob {flaw.detail}; see dam-cli verify --content"
        if self.min_copies == 1:
            return None
        found = sound_copies(self.store, self.mirrors, key, size, enough=self.min_copies, apart_from=source)
        if found < self.min_copies:
            return (
                f"is in the library, and was not removed: {found} of {self.min_copies} copies are sound: dam-cli "
                "store sync makes more, then move it again"
            )
        return None


def remove_sources(
    copies: Copies, files: Iterable[StagedFile], outcomes: Sequence[Outcome | Unchanged], moved: deque[str]
) -> list[Outcome | Unchanged]:
    """Unlink the sources of a durable batch; return the outcomes, with errors added.

    `moved` contains the paths moved by earlier batches; those of this batch are appended.
    """
    sources = {file.path: file for file in files}  # a path may be named twice, even in two batches
    problems = {
        path: problem
        for path, file in sources.items()
        if (problem := _remove_source(copies, file)) and (os.path.lexists(path) or path not in moved)
    }
    moved.extend(path for path in sources if path not in problems)
    return [
        replace(outcome, error=problems.get(outcome.path) or outcome.error) if isinstance(outcome, Outcome) else outcome
        for outcome in outcomes
    ]


def _remove_source(copies: Copies, file: StagedFile) -> str | None:
    """Unlink a source whose content is stored durably; return the error, if any.

    The blob is read back first: the source may be the only intact copy. Both files are open while they are compared:
    as long as the source is, no other file gets its inode number.
    """
    try:
        if _is_of_a_store(file.path):
            return "was not removed: it belongs to a store of dam"
        with ExitStack() as stack:
            with open_source(file.path, linking=True) as (stream, state):
                source = stack.enter_context(os.fdopen(os.dup(stream.fileno()), "rb"))
                status = os.fstat(source.fileno())
                if flaw := copies.flaw(file, status):
                    return flaw
                if not _is_as_read(file, stream, state):
                    return "is in the library, and was not removed: it has changed since"
            if not os.path.samestat(os.stat(file.path), status):
                return "is in the library, and was not removed: another file has its name now"
            os.unlink(file.path)
    except (OSError, StoreError, UnreadableFileError) as exc:
        return f"is in the library, and could not be removed: {getattr(exc, 'strerror', None) or exc}"
    return None


def _is_of_a_store(path: str) -> bool:
    """Return whether a file is in the folder of a store, or is named as a blob is.

    So another library loses nothing, nor this one where a file system gives the same file another number.
    """
    name = os.path.basename(path)
    if is_key(name) and path.endswith(os.path.join(os.sep, name[:2], name[2:4], name)):
        return True
    return any(os.path.exists(folder / MARKER) for folder in Path(path).parents)


def _is_as_read(file: StagedFile, stream: BinaryIO, state: FileState) -> bool:
    """Return whether a source has not changed. If only its ctime has, as when a hard link is removed, read it again."""
    if state == file.state:
        return True
    return state.is_but_for_links(file.state) and digests_of(chunks(stream)) == file.digests
