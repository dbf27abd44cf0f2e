"""Batches of an ingest: gathered, published and written together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from dam.services.ingest.examine import Examined
from dam.services.ingest.outcome import Outcome, Status, Unchanged

BATCH_FILES = 2048
BATCH_BYTES = 64 * 1024 * 1024
BATCH_SECONDS = 1.0


@dataclass
class Batch:
    """What became of some paths so far, in the order in which they came. Nothing of it has been reported."""

    items: list[Outcome | Unchanged | Examined] = field(default_factory=list)
    _files: int = 0
    _bytes: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def is_full(self) -> bool:
        """Whether it is time to commit."""
        return (
            self._files >= BATCH_FILES or self._bytes >= BATCH_BYTES or time.monotonic() - self._began >= BATCH_SECONDS
        )

    def add(self, item: Outcome | Unchanged | Examined) -> None:
        """Add what became of a path, or of several."""
        self._files += item.count if isinstance(item, Unchanged) else 1
        if isinstance(item, Examined) and item.file is None:
            item = Outcome(item.path, Status.FAILED, error=item.error)
        elif isinstance(item, Examined) and item.file:
            # a small archive may have a long text
            self._bytes += item.file.state.size + (item.analysis.weight if item.analysis else 0)
        self.items.append(item)

    @property
    def examined(self) -> list[Examined]:
        """The files that were read."""
        return [item for item in self.items if isinstance(item, Examined)]

    @property
    def unchanged_ids(self) -> list[int]:
        """The assets of the files that were not read."""
        groups = (item.files for item in self.items if isinstance(item, Unchanged))
        return [entity_id for files in groups for _, entity_id, _ in files]

    @property
    def failures(self) -> dict[str, str]:
        """Why paths could not be read."""
        outcomes: Sequence[Outcome] = [item for item in self.items if isinstance(item, Outcome)]
        return {item.path: item.error or "" for item in outcomes if item.status is Status.FAILED and item.path}

    def discard(self) -> None:
        """Drop what was staged and not published."""
        for examined in self.examined:
            if examined.file:
                examined.file.discard()
