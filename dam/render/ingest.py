"""Outcomes of files, one per line, and a summary."""

import io
import sys
from collections import Counter
from collections.abc import Iterable
from enum import Enum
from typing import Self

from dam.render.json_output import path_keys, write_document
from dam.render.progress import Progress
from dam.render.text import counted, human_size, line, note, safe
from dam.services.ingest.ingest import Outcome, Status, Unchanged
from dam.services.ingest.run_systems import Update

PLURALS = {"audio": "audio", "other": "other"}
"""Irregular plurals of kinds; the others get an s."""

MAX_LISTED = 20
"""Maximum number of failures that are listed again at the end."""


class Lists(Enum):
    """What a report lists as it comes; the summary counts all."""

    ALL = "all"
    """Every file, also those that were skipped."""
    FILES = "files"
    """Every file that was not skipped."""
    PROBLEMS = "problems"
    """Files that failed, above the bar."""
    NOTHING = "nothing"
    """The same, and there is no summary."""


def what_to_list(*, quiet: bool = False, verbose: bool = False, are_few: bool = False) -> Lists:
    """Return what suits the streams: above the bar of a terminal, a line for each of many files hides what matters."""
    if verbose or quiet:
        return Lists.NOTHING if quiet else Lists.ALL
    has_bar = sys.stdout.isatty() and sys.stderr.isatty()
    return Lists.PROBLEMS if has_bar and not are_few else Lists.FILES


class IngestReport:
    """Writes outcomes as they come and counts them."""

    def __init__(self, *, as_json: bool, lists: Lists = Lists.FILES, tells_shares: bool = False) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)  # a reported file is safe: report it at once
        self._as_json = as_json
        self._lists = lists
        self._tells_shares = tells_shares
        self._statuses: Counter[Status] = Counter()
        self._kinds: Counter[str] = Counter()
        self._obstacles: Counter[str] = Counter()
        self._bytes = 0
        self._taken: Counter[str] = Counter()
        self._healed = 0
        self._problems: list[str] = []
        self.problems = 0
        """Number of inputs that failed: unreadable, or stored but not decodable."""

    def __enter__(self) -> Self:
        """Return the report."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """After an interruption, tell what was done."""
        if kind in (KeyboardInterrupt, SystemExit):
            self.finish()

    def add(self, outcome: Outcome | Unchanged) -> None:
        """Write and count what became of a path, or of several."""
        if isinstance(outcome, Unchanged):
            self._add_unchanged(outcome)
            return
        self._statuses[outcome.status] += 1
        if outcome.status is Status.SKIPPED:
            if self._lists is Lists.ALL and not self._as_json:
                line(_line(outcome))
            return
        self._count(outcome)
        if outcome.error:
            self.problems += 1
            if len(self._problems) < MAX_LISTED:
                self._problems.append(f"{safe(outcome.path)}: {safe(outcome.error)}")
        if self._as_json:
            write_document(**_keys(outcome))
        elif self._lists in (Lists.FILES, Lists.ALL):
            line(_line(outcome))
        elif outcome.error:
            note(_line(outcome))

    def _count(self, outcome: Outcome) -> None:
        if outcome.kind:
            self._kinds[outcome.kind.value] += 1
        if outcome.obstacle:
            self._obstacles[outcome.obstacle] += 1
        if outcome.is_shared is not None:
            self._taken["shared" if outcome.is_shared else "copied"] += 1
        self._healed += outcome.healed is not None
        self._bytes += outcome.size

    def _add_unchanged(self, unchanged: Unchanged) -> None:
        """Count files that have not changed; the JSON has each as an outcome of its own, see `each_outcome`."""
        self._statuses[Status.UNCHANGED] += unchanged.count
        self._bytes += unchanged.bytes
        if self._lists in (Lists.FILES, Lists.ALL) and not self._as_json:
            for path, entity_id, _ in unchanged.files:
                line(_line(Outcome(path, Status.UNCHANGED, entity_id)))

    def finish(self) -> None:
        """Write the summary: the last line of the JSON, or text on stderr."""
        counts = {status.value: self._statuses[status] for status in Status}
        if self._as_json:
            write_document(
                summary=counts
                | {
                    "files": self._statuses.total() - self._statuses[Status.SKIPPED],
                    "bytes": self._bytes,
                    "undecodable": self.problems - counts["failed"],
                    "shared": self._taken["shared"],
                    "copied": self._taken["copied"],
                    "healed": self._healed,
                    "kinds": dict(sorted(self._kinds.items())),
                    "obstacles": dict(sorted(self._obstacles.items())),
                }
            )
        if self._lists is Lists.NOTHING:
            return
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no files"
        note(f"{told} ({human_size(self._bytes)})")
        if self._kinds:
            note(", ".join(counted(count, kind, PLURALS.get(kind)) for kind, count in sorted(self._kinds.items())))
        if self._taken["shared"] or self._tells_shares:
            note(f"{self._taken['shared']:,} shared with their sources, {self._taken['copied']:,} copied")
        for obstacle, count in sorted(self._obstacles.items()):
            note(f"{counted(count, 'file')} without fingerprints: {obstacle}")
        if self._healed:
            note(f"{counted(self._healed, 'damaged or unsafe blob')} replaced in the store")
        if self._statuses[Status.SKIPPED] and self._lists is not Lists.ALL and not self._as_json:
            note("-v names what was skipped")
        _list_problems(self._problems if self._lists is not Lists.PROBLEMS else [], self.problems)


class UpdateReport:
    """Writes and counts updates of assets by systems."""

    def __init__(self, *, as_json: bool, lists: Lists = Lists.FILES) -> None:
        self._as_json = as_json
        self._lists = lists
        self._obstacles: Counter[str] = Counter()
        self._updated = 0
        self._problems: list[str] = []
        self.problems = 0
        """Number of assets for which a system failed."""

    def __enter__(self) -> Self:
        """Return the report."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """After an interruption, tell what was done."""
        if kind in (KeyboardInterrupt, SystemExit):
            self.finish()

    def add_all(self, updates: Iterable[Update], progress: Progress) -> None:
        """Write and count updates, as they come."""
        for update in updates:
            self.add(update)
            progress.advance(f"entity {update.entity_id}", update.size)

    def add(self, update: Update) -> None:
        """Write and count an update."""
        if update.obstacle:
            self._obstacles[update.obstacle] += 1
            if not update.ran:
                return
        if update.error:
            self.problems += 1
            self._problems.append(f"entity {update.entity_id}: {safe(update.error)}")
        self._updated += bool(update.ran)
        if self._as_json:
            write_document(
                entity_id=update.entity_id,
                sha256=update.sha256,
                media_type=update.media_type,
                ran=update.ran,
                error=update.error,
            )
        elif self._lists in (Lists.FILES, Lists.ALL):
            line(f"entity {update.entity_id}  {' '.join(update.ran)}")
        elif update.error:
            note(f"entity {update.entity_id}: {safe(update.error)}")

    def finish(self) -> None:
        """Write the summary."""
        if self._as_json:
            obstacles = dict(sorted(self._obstacles.items()))
            write_document(summary={"updated": self._updated, "failed": self.problems, "obstacles": obstacles})
        if self._lists is Lists.NOTHING:
            return
        note(f"{counted(self._updated, 'asset')} brought up to date")
        for obstacle, count in sorted(self._obstacles.items()):
            note(f"{counted(count, 'file')} without fingerprints: {obstacle}")
        _list_problems(self._problems[:MAX_LISTED] if self._lists is not Lists.PROBLEMS else [], self.problems)


def _list_problems(listed: list[str], count: int) -> None:
    if not count:
        return
    if not listed:  # they were written as they came
        note(f"{counted(count, 'input')} failed; dam-cli failures lists them")
        return
    note(f"{counted(count, 'input')} failed:")
    for problem in listed:
        note(f"  {problem}")
    if count > len(listed):
        note(f"  … and {count - len(listed):,} more")


def _keys(outcome: Outcome) -> dict[str, object]:
    return path_keys(outcome.path) | {
        "status": outcome.status.value,
        "entity_id": outcome.entity_id,
        "sha256": outcome.sha256,
        "md5": outcome.md5,
        "kind": outcome.kind.value if outcome.kind else None,
        "media_type": outcome.media_type,
        "size": outcome.size,
        "replaces": outcome.replaces,
        "took_over": outcome.took_over,
        "restored": outcome.is_restored,
        "error": outcome.error,
        "healed": outcome.healed,
    }


def _line(outcome: Outcome) -> str:
    entity = "-" if outcome.entity_id is None else str(outcome.entity_id)
    text = f"{outcome.status.value:<9}  {entity:>7}  {safe(outcome.path)}"
    if outcome.replaces:
        taken = ", whose tags and verdicts it took over" if outcome.took_over else ""
        text += f" (was entity {outcome.replaces}{taken})"
    if outcome.is_restored:
        text += " (restored from the trash)"
    if outcome.healed:
        text += f" (replaces the blob, which {safe(outcome.healed)})"
    return f"{text}: {safe(outcome.error)}" if outcome.error else text
