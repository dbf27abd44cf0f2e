"""The checks of `dam-cli doctor` on stdout."""

from collections import Counter

from dam.render.json_output import write_document
from dam.render.text import counted, line, note, safe
from dam.services.doctor.check import Check, Status


class DoctorReport:
    """Writes checks as they come; in JSON, all of them at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._checks: list[Check] = []

    @property
    def failures(self) -> int:
        """The number of checks that failed."""
        return sum(check.status is Status.FAIL for check in self._checks)

    def add(self, check: Check) -> None:
        """Write a check."""
        self._checks.append(check)
        if self._as_json:
            return
        line(f"{check.status.value:<4}  {safe(check.name)}: {safe(check.found)}")
        if check.advice:
            line(f"      → {safe(check.advice)}")

    def finish(self) -> None:
        """Write the summary."""
        counts = Counter(check.status for check in self._checks)
        if self._as_json:
            summary = {status.value: counts[status] for status in Status}
            write_document(checks=self._checks, summary=summary)
            return
        failed = counted(counts[Status.FAIL], "failure")
        note(f"{counted(counts[Status.OK], 'check')} ok, {counted(counts[Status.WARN], 'warning')}, {failed}")
