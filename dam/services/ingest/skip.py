"""The second stage of an ingest: pass over the files that need not be read."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from dam.media.files.walk import Found, Group, NotRead
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.catalogue.recorded_files import (
    FileKey,
    RecordedFiles,
    key_of,
    recorded_among,
    recorded_in,
    todays_sets,
)
from dam.services.ingest.doubts import Doubts
from dam.services.ingest.examine import Job
from dam.services.ingest.outcome import Options, Outcome, Status, Unchanged, UnchangedFile
from dam.services.library import Library
from dam.storage.blob_store import BlobStore


def skip(library: Library, groups: Iterable[Group], options: Options) -> Iterator[Outcome | Unchanged | Job]:
    """Yield files that are as recorded as unchanged, and the others as jobs; in the order in which they come.

    A file whose asset has not seen today's systems becomes a job that says which systems it has seen.
    """
    if not options.trusts_state:
        for group in groups:
            yield from (_to_read(item, library.store, options, {}) for item in group.found)
        return
    with library.peek() as connection:
        records = _Records(library, connection, Doubts(library, options.mode))
        for group in groups:
            recorded = records.of(group)
            yield from _part(group, recorded, records.outdated(group, recorded), library.store, options)


class _Records:
    """What is recorded of the files of a walk: looked up folder by folder, in parts where a folder is very large."""

    def __init__(self, library: Library, connection: Connection, doubts: Doubts) -> None:
        self._library = library
        self._connection = connection
        self._doubts = doubts
        self._todays = todays_sets()
        self._folder: str | None = None
        self._of_folder: RecordedFiles | None = None

    def of(self, group: Group) -> RecordedFiles:
        """Return what is recorded of the files of a group, and maybe of others, without those in doubt."""
        if group.folder is not None and group.folder != self._folder:  # a large folder comes in several groups
            self._folder = group.folder
            self._of_folder = recorded_in(self._connection, group.folder, self._todays)
            self._remove_doubtful(self._of_folder)
        if group.folder is not None and self._of_folder is not None:
            return self._of_folder
        paths = (item.path for item in group.found if isinstance(item, Found))
        recorded = recorded_among(self._connection, paths, self._todays)
        self._remove_doubtful(recorded)
        return recorded

    def _remove_doubtful(self, recorded: RecordedFiles | None) -> None:
        if recorded and recorded.current and self._doubts.exist:
            with self._library.read() as session:
                doubtful = self._doubts.among(session, {key[0]: asset for key, asset in recorded.current.items()})
            for key in [key for key in recorded.current if key[0] in doubtful]:
                del recorded.current[key]

    def outdated(self, group: Group, recorded: RecordedFiles) -> dict[FileKey, AssetState]:
        """Return the states of the assets of a group that have not seen today's systems, by file."""
        if not recorded.outdated:
            return {}
        keys = [key_of(*item) for item in group.found if isinstance(item, Found)]
        assets = {key: recorded.outdated[key] for key in keys if key in recorded.outdated}
        with self._library.read() as session:
            states = {state.entity_id: state for state in states_by_id(session, set(assets.values()))}
        return {key: states[asset] for key, asset in assets.items()}


def _part(
    group: Group, recorded: RecordedFiles, outdated: dict[FileKey, AssetState], store: BlobStore, options: Options
) -> Iterator[Outcome | Unchanged | Job]:
    current = recorded.current
    if stuck := {key: state.entity_id for key, state in outdated.items() if state.is_current}:
        current = current | stuck  # what could still run lacks a library: there is nothing to be gained by reading
    unchanged: list[UnchangedFile] = []
    for item in group.found:
        if isinstance(item, Found):
            path, status = item
            entity_id = current.get(key_of(path, status))
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
    item: Found | NotRead, store: BlobStore, options: Options, outdated: dict[FileKey, AssetState]
) -> Outcome | Job:
    """Return the job for a file, or why there is none."""
    if isinstance(item, NotRead):
        return Outcome(item.path, Status.SKIPPED if item.skipped else Status.FAILED, error=item.reason)
    path, status = item
    state = outdated.get(key_of(path, status)) if outdated else None
    if state is None:
        return Job(path, status.st_size, options.mode, store=store)
    return Job(path, status.st_size, options.mode, seen=state.labels, sha256=state.sha256, store=store)
