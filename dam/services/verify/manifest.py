"""Check the manifest in the store: its lines, and that the database has what it has."""

from collections.abc import Iterator
from contextlib import nullcontext, suppress

from sqlalchemy import select

from dam.core.database import fetched
from dam.core.errors import StoreError
from dam.models.manifest_record import ManifestRecord
from dam.services.library import Library
from dam.services.manifest.file_lines import FileLine
from dam.services.manifest.lines import Line, parse
from dam.services.manifest.reader import Damage, read_quickly
from dam.services.rebuild.replay import before_last_snapshot
from dam.services.verify.expected_rows import concerned_assets
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.row_sums import RowSums


def manifest_findings(library: Library, sums: RowSums | None = None) -> Iterator[Finding]:
    """Yield what is wrong with the manifest; add its lines to `sums`, if there is no damage.

    Only what follows its last snapshot counts: that has everything.
    """
    try:
        damage = _damage(library, sums, alone=False)
        if damage:  # or another process was writing the last lines
            damage = _damage(library, None, alone=True)
        state = library.manifest_writer.state()
        damaged = _damaged_records(library)
    except StoreError as exc:
        yield Finding(Problem.MANIFEST, f"the manifest cannot be read: {exc}")
        return
    for each in damage:
        yield Finding(Problem.MANIFEST, f"segment {each.segment} of the manifest, line {each.line}: {each.detail}")
    for batch in damaged:
        yield Finding(Problem.MANIFEST, f"what the database keeps of batch {batch} for the manifest is damaged")
    if state.is_database_older:
        detail = f"the database has {state.in_database} of the {state.in_manifest} batches of the manifest"
        yield Finding(Problem.MANIFEST, f"{detail}, as after restoring a backup: dam-cli rebuild-db --merge")
    # What the database keeps until it is appended is not lost: the next command that writes appends it
    if state.lost and not library.store.manifest.numbers():
        yield Finding(Problem.MANIFEST, "the manifest is gone from the store")
    elif state.lost:
        yield Finding(Problem.MANIFEST, f"the manifest lacks {state.lost} batches of the database")


def _damaged_records(library: Library) -> list[int]:
    """Return the batches of the outbox with a damaged line. Each line has a checksum."""
    table, damaged = ManifestRecord, []
    with library.peek() as connection:
        for batch in fetched(connection.scalars(select(table.id).order_by(table.id)).all):
            lines = connection.scalar(select(table.lines).where(table.id == batch)) or ""
            raws = str(lines).encode("ascii", "backslashreplace").splitlines(keepends=True)
            if not all(isinstance(parse(raw), Line) for raw in raws):
                damaged.append(batch)
    return damaged


def _damage(library: Library, sums: RowSums | None, *, alone: bool) -> list[Damage]:
    """Read the manifest, where possible while no other process writes it."""
    with suppress(StoreError), library.store.manifest.hold() if alone else nullcontext():
        return _read(library, sums)
    return _read(library, sums)


def _read(library: Library, sums: RowSums | None) -> list[Damage]:
    manifest, damage = library.store.manifest, []
    for each in read_quickly(manifest, before_last_snapshot(manifest)):
        if isinstance(each, Damage):
            damage.append(each)
        elif sums is not None:
            sums.add(each, () if isinstance(each, FileLine) else concerned_assets(each.content))
    return damage
