"""Repairs, one per line, and a summary."""

from collections import Counter
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import line, note, safe
from dam.services.repair.outcome import Repair, Result


class RepairReport:
    """Writes repairs as they come, and counts them."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._counts: Counter[Result] = Counter()

    @property
    def left(self) -> int:
        """The number of problems that are left."""
        return self._counts[Result.LEFT]

    def add(self, repair: Repair) -> None:
        """Write a repair."""
        self._counts[repair.result] += 1
        if self._as_json:
            write_document(**asdict(repair))
            return
        owner = "-" if repair.entity_id is None else f"entity {repair.entity_id}"
        parts = [f"{repair.result.value:<7}", repair.action.value, owner, safe(repair.name or repair.sha256 or "")]
        path = f" ({safe(repair.path)})" if repair.path else ""
        line(f"{'  '.join(part for part in parts if part)}: {safe(repair.detail)}{path}")

    def finish(self) -> None:
        """Write the summary."""
        counts = {result.value: self._counts[result] for result in Result}
        if self._as_json:
            write_document(summary=counts)
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        note(f"repairs: {told}" if told else "nothing to repair")
