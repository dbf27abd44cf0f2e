"""Repair a library: heal what a verification finds. Nothing is deleted; what was damaged is in the quarantine."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence

from dam.core.errors import StoreError
from dam.services.library import Library
from dam.services.manifest.owners import Said, sayings
from dam.services.mirrors.mirrors import OpenMirror, open_mirrors
from dam.services.repair.adopt import RepairOperation, adopt, complete
from dam.services.repair.database import repair_database
from dam.services.repair.derived import repair_derived
from dam.services.repair.files import move_to_place, protect
from dam.services.repair.heal import Healer, repaired
from dam.services.repair.manifest import repair_manifest
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.repair.relink import relink
from dam.services.sources.places import Place, places_of
from dam.services.verify import derived as derived_rows
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.verify import verify
from dam.storage.local import LocalBlobStore

_WITHOUT_CONTENT = (Problem.MISSING, Problem.ALTERED, Problem.IRREGULAR, Problem.UNREADABLE)


def repair(
    library: Library, folders: Sequence[str] = (), *, content: bool = False, threads: int = 1, dry_run: bool = False
) -> Generator[Repair, None, None]:
    """Verify a library, and repair what is found; yield each repair once it is durable.

    Sound copies are looked for in the mirrors, the quarantine, the recorded sources and `folders`. With `content`,
    the verification reads all bytes; otherwise it sees what is missing or has another size.
    """
    operation = RepairOperation()
    mirrors, _ = open_mirrors(library)
    told = []
    for repair_ in repair_database(library, operation, content=content, dry_run=dry_run):
        told.append(repair_.detail)
        yield repair_
    yield from repair_manifest(library, dry_run=dry_run)
    found: dict[Problem, list[Finding]] = defaultdict(list)
    for result in verify(library, content=content, threads=threads, quarantine=not dry_run):
        if isinstance(result, Finding):
            found[result.problem].append(result)
    yield from _repair_files(library, found, dry_run=dry_run)
    yield from _repair_contents(library, mirrors, found, folders, operation, dry_run=dry_run)
    yield from _repair_assets(library, found, operation, dry_run=dry_run)
    derived = [finding for finding in found[Problem.DATABASE] if finding.detail == derived_rows.DETAIL]
    yield from repair_derived(library, derived, dry_run=dry_run)
    for finding in found[Problem.DATABASE]:
        if finding not in derived and not any(detail.startswith(finding.detail) for detail in told):
            yield repaired(Action.DATABASE, Result.LEFT, finding.detail, finding)


def _repair_files(library: Library, found: dict[Problem, list[Finding]], *, dry_run: bool) -> Iterator[Repair]:
    """Repair files with the right bytes. What is moved to its place and has no asset is adopted later."""
    store = library.store
    if not isinstance(store, LocalBlobStore):
        return
    for finding in found[Problem.MISPLACED]:
        yield move_to_place(store, finding, dry_run=dry_run)
    for finding in (*found[Problem.WRITABLE], *found[Problem.LINKED]):
        yield protect(store, finding, dry_run=dry_run)


def _repair_contents(
    library: Library,
    mirrors: Sequence[OpenMirror],
    found: dict[Problem, list[Finding]],
    folders: Sequence[str],
    operation: RepairOperation,
    *,
    dry_run: bool,
) -> Iterator[Repair]:
    """Heal blobs, and relink referenced files."""
    findings = {finding.sha256: finding for problem in _WITHOUT_CONTENT for finding in found[problem] if finding.sha256}
    affected = [(findings[place.identifier], place) for place in places_of(library, list(findings))]
    stored = [pair for pair in affected if not pair[1].is_referenced and not _is_sound_now(library, pair[1], pair[0])]
    aside: dict[str, list[str]] = defaultdict(list)
    for finding in (*found[Problem.QUARANTINED], *findings.values()):
        path = finding.path if finding.problem is Problem.QUARANTINED else finding.quarantined
        if finding.sha256 and path:
            aside[finding.sha256].append(path)
    yield from Healer(library, mirrors, aside, dry_run).heal(stored, folders)
    lost = [pair for pair in affected if pair[1].is_referenced]
    yield from relink(library, lost, folders, operation, dry_run=dry_run)
    for finding in found[Problem.UNREADABLE]:
        if finding.path:
            yield repaired(Action.HEAL, Result.LEFT, finding.detail, finding)


def _is_sound_now(library: Library, place: Place, finding: Finding) -> bool:
    """Return whether a blob that was missing is in its place now: it was in the wrong folder."""
    try:
        return finding.problem is Problem.MISSING and library.store.flaw(place.identifier, place.size or 0) is None
    except StoreError:
        return False


def _repair_assets(
    library: Library, found: dict[Problem, list[Finding]], operation: RepairOperation, *, dry_run: bool
) -> Iterator[Repair]:
    """Adopt blobs, and complete assets."""
    misplaced = [finding.sha256 for finding in found[Problem.MISPLACED] if finding.sha256]
    owned = {place.identifier for place in places_of(library, misplaced)}
    keys = [finding.sha256 for finding in found[Problem.ORPHANED]] + [key for key in misplaced if key not in owned]
    incomplete = dict.fromkeys(finding.entity_id for finding in found[Problem.DANGLING])
    for entity_id in incomplete:
        if entity_id is not None:
            yield complete(library, entity_id, operation, dry_run=dry_run)
    owned |= {place.identifier for place in places_of(library, [key for key in keys if key])}
    orphans = [key for key in dict.fromkeys(keys) if key and key not in owned and library.store.size(key) is not None]
    manifest = sayings(library.store.manifest, orphans)
    for key in orphans:
        if manifest.said.get(key) is not Said.PURGED:  # that waits for a collection
            yield adopt(library, key, operation, name=manifest.names.get(key), dry_run=dry_run)
