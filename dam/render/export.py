"""Exported assets: a line each as they are safe, or JSON; then a summary."""

from collections import Counter
from typing import Any

from dam.render.json_output import path_keys, write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.export.outcome import Exported, Status


class ExportReport:
    """Writes what became of assets, and counts them."""

    def __init__(self, *, as_json: bool, quiet: bool = False, dry_run: bool = False) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._dry_run = dry_run
        self._bytes = 0
        self.counts: Counter[Status] = Counter()
        """Number of assets by what became of them."""

    def add(self, done: Exported) -> None:
        """Write and count an asset."""
        self.counts[done.status] += 1
        self._bytes += done.size if done.status is Status.WRITTEN else 0
        if self._as_json:
            write_document(**_keys(done))
            return
        if done.mirror:
            told = f"read from the mirror {safe(done.mirror)}, as its blob is damaged or missing"
            note(f"dam-cli: entity {done.entity_id}: {told}")
        if done.error:
            note(f"dam-cli: entity {done.entity_id}: {safe(done.error)}")
        elif not self._quiet and done.path:
            line(f"{done.status.value:7}  entity {done.entity_id}  {safe(done.path)}")

    def finish(self) -> None:
        """Write the summary: the last line of the JSON, or text on stderr."""
        counts = {status.value: self.counts[status] for status in Status}
        if self._as_json:
            write_document(summary={"assets": self.counts.total()} | counts | {"bytes": self._bytes})
            return
        done = "would be written" if self._dry_run else "written"
        told = f"{counts['written']:,} {done} ({human_size(self._bytes)}), {counts['present']:,} present"
        failed = f", {counts['failed']:,} failed" if counts["failed"] else ""
        note(f"{counted(self.counts.total(), 'asset')}: {told}{failed}")


def _keys(done: Exported) -> dict[str, Any]:
    return {
        "entity_id": done.entity_id,
        "status": done.status.value,
        **(path_keys(done.path) if done.path else {"path": None}),
        "sidecar": path_keys(done.sidecar)["path"] if done.sidecar else None,
        "sha256": done.sha256 or None,
        "size": done.size,
        "mirror": done.mirror,
        "error": done.error,
    }
