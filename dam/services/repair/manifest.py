"""Repair the manifest from the database, and a database that is older than the manifest from that."""

from collections.abc import Iterator

from dam.services.library import Library
from dam.services.manifest import snapshot
from dam.services.manifest.reader import Damage
from dam.services.rebuild.rebuild import merge
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.verify.manifest import manifest_findings


def repair_manifest(library: Library, *, dry_run: bool) -> Iterator[Repair]:
    """Bring into the database what only the manifest has; write the manifest again if it is damaged."""
    found = [finding.detail for finding in manifest_findings(library)]
    if not found:
        return
    if dry_run:
        yield from (Repair(Action.MANIFEST, Result.PLANNED, detail) for detail in found)
        return
    if library.manifest_writer.state().is_database_older:
        damage = [each for each in merge(library) if isinstance(each, Damage)]
        yield from (Repair(Action.MANIFEST, Result.LEFT, f"a line could not be used: {each.detail}") for each in damage)
    else:
        _write_again(library)
    left = [finding.detail for finding in manifest_findings(library)]
    yield from (Repair(Action.MANIFEST, Result.DONE, detail) for detail in found if detail not in left)
    yield from (Repair(Action.MANIFEST, Result.LEFT, detail) for detail in left)


def _write_again(library: Library) -> None:
    """Have all of it written again, as a snapshot."""
    with library.write() as session:
        snapshot.request(session)
    library.manifest_writer.is_current = False
    library.manifest_writer.catch_up()
