"""Findings of a verification, one per line, and a summary."""

from collections import Counter
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.verify.findings import Finding, IntactAsset, Problem


class VerifyReport:
    """Writes findings as they come, and counts sound assets."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._problems: Counter[Problem] = Counter()
        self._sound = self._read = 0
        self._bytes = self._bytes_read = 0

    @property
    def damage(self) -> int:
        """The number of findings that are damage."""
        return sum(count for problem, count in self._problems.items() if problem.is_damage)

    def add(self, result: Finding | IntactAsset) -> None:
        """Write a finding; count a sound asset."""
        if isinstance(result, IntactAsset):
            self._sound += 1
            self._bytes += result.size
            if result.is_read:
                self._read += 1
                self._bytes_read += result.size
            return
        self._problems[result.problem] += 1
        if self._as_json:
            write_document(**asdict(result), is_damage=result.problem.is_damage)
            return
        line(finding_text(result))

    def finish(self) -> None:
        """Write the summary."""
        counts = {problem.value: self._problems[problem] for problem in Problem}
        if self._as_json:
            sizes = {"bytes": self._bytes, "read": self._read, "bytes_read": self._bytes_read}
            write_document(summary={"sound": self._sound} | sizes | counts)
        told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
        read = f", {self._read:,} of them read" if self._read not in (0, self._sound) else ""
        note(f"{counted(self._sound, 'asset')} sound ({human_size(self._bytes)}{read}){', ' + told if told else ''}")
        if self.damage:
            note("dam-cli repair heals what it can; see doc/reliability.md")


def finding_text(finding: Finding) -> str:
    """Return a finding as one line."""
    owner = "-" if finding.entity_id is None else f"entity {finding.entity_id}"
    parts = [f"{finding.problem.value:<9}", owner, safe(finding.name or ""), safe(finding.path or finding.sha256 or "")]
    moved = f" (now {safe(finding.quarantined)})" if finding.quarantined else ""
    return f"{'  '.join(part for part in parts if part)}: {safe(finding.detail)}{moved}"
