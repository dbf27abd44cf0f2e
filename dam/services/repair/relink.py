"""Find the files of referenced assets that were moved, by content. The asset stays, with its tags."""

import os
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from dam.media.files.source import FileState
from dam.models.source_path_component import SourcePathComponent
from dam.services.library import Library
from dam.services.repair.adopt import RepairOperation
from dam.services.repair.candidates import copies_in
from dam.services.repair.heal import repaired
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.sources.places import Place
from dam.services.sources.source_paths import path_digest, recorded_paths, source_row
from dam.services.verify.findings import Finding

NOT_FOUND = "no file with its content was found: give the folders where it may be with --from"


def relink(
    library: Library,
    lost: Iterable[tuple[Finding, Place]],
    folders: Sequence[str],
    operation: RepairOperation,
    *,
    dry_run: bool,
) -> Iterator[Repair]:
    """Look for the contents of referenced assets in some folders; record their paths instead of those that are gone."""
    open_ = {place.identifier: (finding, place) for finding, place in lost}
    wanted: dict[int, set[str]] = {}
    for _, place in open_.values():
        wanted.setdefault(place.size or 0, set()).add(place.identifier)
    for key, path in copies_in(folders, wanted) if open_ else ():
        if key in open_:
            finding, place = open_.pop(key)
            if not dry_run:
                _record(library, place.entity_id, path, operation)
            result = Result.PLANNED if dry_run else Result.DONE
            yield repaired(Action.RELINK, result, "its file was found", finding, path)
    yield from (repaired(Action.RELINK, Result.LEFT, NOT_FOUND, finding) for finding, _ in open_.values())


def _record(library: Library, entity_id: int, path: str, operation: RepairOperation) -> None:
    row = source_row(entity_id, path, FileState.of(os.stat(path)))

    def write(session: Session) -> None:
        gone = [old for old in recorded_paths(session, entity_id) if old != path and not os.path.lexists(old)]
        recorder = operation.recorder(session)
        recorder.put(SourcePathComponent, [row])
        recorder.delete_keys(
            SourcePathComponent,
            [{"entity_id": entity_id, "path_digest": path_digest(os.fsencode(old))} for old in gone],
        )
        operation.note(recorder)

    library.write_again(write)
