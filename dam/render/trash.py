"""The trash on stdout: what was put there, is there, and was removed from it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.catalogue.assets import Asset
from dam.services.journal.empty import Emptied, PurgePlan
from dam.services.journal.gc import Garbage
from dam.services.journal.trash import Moved, TrashedAsset

MAX_NAMED = 10


def counted_assets(assets: Sequence[Asset]) -> str:
    """Return the number and size of some assets."""
    return f"{counted(len(assets), 'asset')} ({human_size(sum(asset.size for asset in assets))})"


def moved(done: Moved, verb: str, *, dry_run: bool, as_json: bool) -> None:
    """Write the assets that were put in the trash, or taken out of it."""
    if as_json:
        write_document(operation_id=done.operation_id, dry_run=dry_run, assets=done.assets)
        return
    for asset in done.assets:
        line(_line(asset))
    operation = f": operation {done.operation_id}" if done.operation_id else ""
    note(f"{counted_assets(done.assets)} {'would be ' if dry_run else ''}{verb}{operation}")


def trash(found: Iterable[TrashedAsset], *, as_json: bool) -> int:
    """Write the assets in the trash, and return their number."""
    count = size = 0
    for each in found:
        count, size = count + 1, size + each.asset.size
        if as_json:
            write_document(**asdict(each.asset), trashed_at=each.trashed_at, operation_id=each.operation_id)
        else:
            line(f"{each.trashed_at:%Y-%m-%d %H:%M}  {_line(each.asset)}")
    note(f"{counted(count, 'asset')} in the trash ({human_size(size)})")
    return count


def _line(asset: Asset) -> str:
    return f"entity {asset.entity_id}  {human_size(asset.size)}  {', '.join(map(safe, asset.names))}"


def question(plan: PurgePlan) -> str:
    """Return what to ask before the trash is emptied."""
    return f"{_copies(plan)} Remove {counted(len(plan.entity_ids), 'asset')} ({human_size(plan.bytes)}) for good?"


def _copies(plan: PurgePlan) -> str:
    if not plan.last_copies:
        return "All have a copy in a mirror or at a source."
    named = ", ".join(f"entity {entity_id}" for entity_id in plan.last_copy_ids[:MAX_NAMED])
    more = f" and {plan.last_copies - MAX_NAMED:,} more" if plan.last_copies > MAX_NAMED else ""
    failed = "".join(f" Not asked: the mirror {safe(each)}." for each in plan.mirrors_failed)
    kept = " They stay in the trash without --last-copies." if plan.kept else ""
    return f"There is no other copy of {counted(plan.last_copies, 'asset')}: {named}{more}.{failed}{kept}"


def emptied(plan: PurgePlan, done: Emptied | None, *, as_json: bool) -> None:
    """Write what was removed from the trash for good; without `done`, what would be."""
    count = len(plan.entity_ids if done is None else done.entity_ids)
    if as_json:
        write_document(
            operation_id=done.operation_id if done else None,
            dry_run=done is None,
            assets=count,
            bytes=plan.bytes,
            last_copies=plan.last_copies,
            kept=plan.kept,
            last_copy_ids=plan.last_copy_ids,
            mirrors_failed=plan.mirrors_failed,
            blobs=done.blobs if done else None,
            freed=done.freed if done else None,
            postponed=done.postponed if done else None,
        )
        return
    if done is None:
        note(f"{counted(count, 'asset')} ({human_size(plan.bytes)}) would be removed for good")
        note(_copies(plan) if count or plan.kept else "the trash has nothing to remove")
        return
    line(f"{counted(count, 'asset')} removed for good, {human_size(done.freed)} freed")
    if plan.kept:
        note(_copies(plan))
    if done.postponed:
        note(f"the content is still in the store: {safe(done.postponed)}, with dam-cli gc")
    if count and done.has_mirrors:
        note("copies in mirrors stay there: dam-cli store clean removes them")


class GarbageReport:
    """Writes and counts blobs without an asset."""

    def __init__(self, *, as_json: bool, dry_run: bool) -> None:
        self._as_json = as_json
        self._dry_run = dry_run
        self._blobs = self._bytes = self._freed = self._linked = 0

    def add(self, garbage: Garbage) -> None:
        """Write and count a blob."""
        self._blobs += 1
        self._bytes += garbage.size
        self._freed += garbage.freed
        self._linked += garbage.freed < garbage.size
        if self._as_json:
            write_document(**asdict(garbage))
        else:
            line(f"{garbage.sha256}  {human_size(garbage.size)}")

    def finish(self) -> None:
        """Write the summary."""
        if self._as_json:
            counts = {"blobs": self._blobs, "bytes": self._bytes, "freed": self._freed}
            write_document(summary=counts | {"linked": self._linked, "dry_run": self._dry_run})
        verb = "would be removed" if self._dry_run else "removed"
        note(f"{counted(self._blobs, 'blob')} without an asset {verb}, {human_size(self._freed)} freed")
        if self._linked:
            note(f"{counted(self._linked, 'blob')} freed nothing: hard links elsewhere have the same bytes")
