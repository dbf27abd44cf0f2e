"""Derive anew, from the content, what has changed in the database since it was derived."""

from collections.abc import Iterator, Sequence

from dam.services.ingest.run_systems import derive_again
from dam.services.library import Library
from dam.services.repair.heal import repaired
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.verify.findings import Finding


def repair_derived(library: Library, found: Sequence[Finding], *, dry_run: bool) -> Iterator[Repair]:
    """Derive anew all rows of the assets that were found; their content has been healed before."""
    if not found:
        return
    by_id = {finding.entity_id: finding for finding in found if finding.entity_id is not None}
    if dry_run:
        yield from (repaired(Action.DERIVE, Result.PLANNED, each.detail, each) for each in by_id.values())
        return
    for update in derive_again(library, by_id):
        finding = by_id[update.entity_id]
        if reason := update.obstacle or (None if update.ran else update.error):
            yield repaired(Action.DERIVE, Result.LEFT, f"{finding.detail}: {reason}", finding)
        else:
            yield repaired(Action.DERIVE, Result.DONE, "derived from its content again", finding)
