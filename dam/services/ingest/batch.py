"""Batches of an ingest, which are published and written together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from dam.services.ingest.examine import Examined
from dam.services.ingest.outcome import Outcome, Status, Unchanged

MAX_BATCH_FILES = 2048
MAX_BATCH_BYTES = 64 * 1024 * 1024
MAX_BATCH_SECONDS = 1.0


@dataclass
class Batch:
    """The results for some paths, in order, before they are written and reported."""

    items: list[Outcome | Unchanged | Examined] = field(default_factory=list)
    _files: int = 0
    _bytes: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def is_full(self) -> bool:
        """Whether the batch should be committed."""
        return (
            self._files >= MAX_BATCH_FILES
            or self._bytes >= MAX_BATCH_BYTES
            or time.monotonic() - self._began >= MAX_BATCH_SECONDS
        )

    def add(self, item: Outcome | Unchanged | Examined) -> None:
        """Add the result for one path, or for several unchanged files."""
        self._files += item.count if isinstance(item, Unchanged) else 1
        if isinstance(item, Examined) and item.file is None:
            item = Outcome(item.path, Status.FAILED, error=item.error)
        elif isinstance(item, Examined) and item.file:
            # a small archive can contain a long text
            self._bytes += item.file.size + (item.analysis.weight if item.analysis else 0)
        self.items.append(item)

    @property
    def examined(self) -> list[Examined]:
        """The files that were read."""
        return [item for item in self.items if isinstance(item, Examined)]

    @property
    def unchanged_ids(self) -> list[int]:
        """The assets of the unchanged files."""
        groups = (item.files for item in self.items if isinstance(item, Unchanged))
        return [entity_id for files in groups for _, entity_id, _ in files]

    @property
    def failures(self) -> dict[str, str]:
        """The errors of the paths that could not be read, by path."""
        outcomes: Sequence[Outcome] = [item for item in self.items if isinstance(item, Outcome)]
        return {item.path: item.error or "" for item in outcomes if item.status is Status.FAILED and item.path}

    def discard(self) -> None:
        """Discard the staged blobs that have not been published."""
        for examined in self.examined:
            if examined.file:
                examined.file.discard()
