"""Skip, the second stage of an ingest: skip files that have not changed."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from dam.media.files.walk import FoundFile, UnreadPath, WalkBatch
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.ingest.examine import ExamineRequest
from dam.services.ingest.forced_reads import ForcedReads
from dam.services.ingest.outcome import Options, Outcome, Status, Unchanged, UnchangedFile
from dam.services.library import Library
from dam.services.sources.recorded_files import (
    FileKey,
    RecordedFiles,
    current_sets,
    find_recorded,
    key_of,
    recorded_among,
    recorded_in,
)
from dam.storage.blob_store import BlobStore


def skip(
    library: Library, batches: Iterable[WalkBatch], options: Options
) -> Iterator[Outcome | Unchanged | ExamineRequest]:
    """Yield unchanged files together, and a request for each other file, in order.

    The request for a file whose asset is outdated contains the systems that have run for it.
    """
    if not options.trusts_state:
        for batch in batches:
            yield from (_to_read(item, library.store, options, {}) for item in batch.entries)
        return
    with library.peek() as connection:
        records = _Records(library, connection, ForcedReads(library, options.mode))
        for batch in batches:
            recorded = records.of(batch)
            yield from _part(batch, recorded, records.outdated(batch, recorded), library.store, options)


class _Records:
    """Looks up the recorded files of a walk, folder by folder; very large folders in parts."""

    def __init__(self, library: Library, connection: Connection, forced_reads: ForcedReads) -> None:
        self._library = library
        self._connection = connection
        self._forced_reads = forced_reads
        self._current_sets = current_sets()
        self._folder: str | None = None
        self._of_folder: RecordedFiles | None = None

    def of(self, batch: WalkBatch) -> RecordedFiles:
        """Return the recorded files of a batch, and possibly others, without forced reads."""
        if batch.folder is not None and batch.folder != self._folder:  # a large folder has several batches
            self._folder = batch.folder
            self._of_folder = recorded_in(self._connection, batch.folder, self._current_sets)
            self._remove_forced(self._of_folder)
        if batch.folder is not None and self._of_folder is not None:
            return self._of_folder
        paths = (item.path for item in batch.entries if isinstance(item, FoundFile))
        recorded = recorded_among(self._connection, paths, self._current_sets)
        self._remove_forced(recorded)
        return recorded

    def _remove_forced(self, recorded: RecordedFiles | None) -> None:
        if recorded and self._forced_reads.exist:
            with self._library.read() as session:
                known = recorded.current | recorded.outdated
                forced = self._forced_reads.among(session, {key[0]: asset for key, asset in known.items()})
            for files in (recorded.current, recorded.outdated):
                for key in [key for key in files if key[0] in forced]:
                    del files[key]

    def outdated(self, batch: WalkBatch, recorded: RecordedFiles) -> dict[FileKey, AssetState]:
        """Return the states of the outdated assets of a batch, by file."""
        if not recorded.outdated:
            return {}
        files = [item for item in batch.entries if isinstance(item, FoundFile)]
        found = {key_of(*file): find_recorded(recorded.outdated, *file) for file in files}
        assets = {key: entity_id for key, entity_id in found.items() if entity_id is not None}
        with self._library.read() as session:
            states = {state.entity_id: state for state in states_by_id(session, set(assets.values()))}
        return {key: states[asset] for key, asset in assets.items()}


def _part(
    batch: WalkBatch, recorded: RecordedFiles, outdated: dict[FileKey, AssetState], store: BlobStore, options: Options
) -> Iterator[Outcome | Unchanged | ExamineRequest]:
    current = recorded.current
    if waiting := {key: state.entity_id for key, state in outdated.items() if state.is_current}:
        current = current | waiting  # the systems that have not run need an optional dependency
    unchanged: list[UnchangedFile] = []
    for item in batch.entries:
        if isinstance(item, FoundFile):
            path, status = item
            entity_id = find_recorded(current, path, status)
            if entity_id is not None:
                unchanged.append((path, entity_id, status.st_size))
                continue
        if unchanged:
            yield Unchanged(unchanged)
            unchanged = []
        yield _to_read(item, store, options, outdated)
    if unchanged:
        yield Unchanged(unchanged)


def _to_read(
    item: FoundFile | UnreadPath, store: BlobStore, options: Options, outdated: dict[FileKey, AssetState]
) -> Outcome | ExamineRequest:
    """Return the request for a file, or the outcome of an unread path."""
    if isinstance(item, UnreadPath):
        return Outcome(item.path, Status.SKIPPED if item.skipped else Status.FAILED, error=item.reason)
    path, status = item
    state = outdated.get(key_of(path, status)) if outdated else None
    follow_links = options.selection.follow_links
    if state is None:
        return ExamineRequest(path, status.st_size, options.mode, follow_links=follow_links, store=store)
    return ExamineRequest(
        path, status.st_size, options.mode, state.labels, state.sha256, follow_links=follow_links, store=store
    )
