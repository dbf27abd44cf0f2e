"""Which files the library has: a line each as they come, JSON, or paths; then a summary."""

import os
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

from dam.render.json_output import path_keys, write_document
from dam.render.text import counted, line, note, safe
from dam.services.check.outcome import CheckedFile, Status


class CheckReport:
    """Writes files as they come, and counts them. `print0`: only the paths of those with this status."""

    def __init__(self, *, as_json: bool, quiet: bool = False, print0: Status | None = None) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._print0 = print0
        self.counts: Counter[Status] = Counter()
        """Number of files by status."""

    def add(self, file: CheckedFile) -> None:
        """Write and count a file."""
        self.counts[file.status] += 1
        if self._as_json:
            write_document(**_keys(file))
            return
        if file.status is Status.FAILED:
            note(f"dam-cli: {safe(file.path)}: {safe(file.reason or '')}")
        elif self._print0:
            if file.status is self._print0:
                sys.stdout.buffer.write(os.fsencode(file.path) + b"\0")
        elif not (self._quiet and file.status is Status.HAVE):
            line(_line(file))

    def finish(self) -> None:
        """Write the summary: the last line of the JSON, or text on stderr."""
        counts = {status.value: self.counts[status] for status in Status}
        if self._as_json:
            write_document(summary={"files": self.counts.total()} | counts)
            return
        sys.stdout.flush()
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        note(f"{counted(self.counts.total(), 'file')}{': ' if told else ''}{told}")


def _line(file: CheckedFile) -> str:
    parts = [f"{file.status.value:7}", safe(file.path)]
    parts += [f"entity {file.entity_id}"] if file.entity_id is not None else []
    if file.match:
        parts += [f"score {file.match.score:.3f}", safe(file.match.reason)]
    if file.reason:
        parts.append(f"({safe(file.reason)})")
    return "  ".join(parts)


def _keys(file: CheckedFile) -> dict[str, Any]:
    match = file.match and replace(file.match, score=round(file.match.score, 4))
    return path_keys(file.path) | {
        "status": file.status.value,
        "entity_id": file.entity_id,
        "sha256": file.sha256,
        "size": file.size,
        "score": match.score if match else None,
        "method": match.method if match else None,
        "details": dict(match.details) if match else {},
        "reason": match.reason if match else file.reason,
    }
