"""Findings of a verification, one per line, and a summary."""

from collections import Counter
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.verify import Finding, IntactAsset, Problem


class VerifyReport:
    """Writes findings as they come, and counts sound assets."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._problems: Counter[Problem] = Counter()
        self._sound = 0
        self._bytes = 0

    @property
    def damage(self) -> int:
        """The number of findings."""
        return self._problems.total()

    def add(self, result: Finding | IntactAsset) -> None:
        """Write a finding; count a sound asset."""
        if isinstance(result, IntactAsset):
            self._sound += 1
            self._bytes += result.size
            return
        self._problems[result.problem] += 1
        if self._as_json:
            write_document(**asdict(result))
            return
        owner = "-" if result.entity_id is None else f"entity {result.entity_id}"
        parts = [f"{result.problem.value:<9}", owner, safe(result.name or ""), result.sha256 or ""]
        line(f"{'  '.join(part for part in parts if part)}: {safe(result.detail)}")

    def finish(self) -> None:
        """Write the summary."""
        counts = {problem.value: self._problems[problem] for problem in Problem}
        if self._as_json:
            write_document(summary={"sound": self._sound, "bytes": self._bytes} | counts)
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        note(f"{counted(self._sound, 'asset')} sound ({human_size(self._bytes)}){', ' + told if told else ''}")
