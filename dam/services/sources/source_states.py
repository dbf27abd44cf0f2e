"""Which of the places that assets came from still hold them: a stat compared with what was recorded, no read."""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from dam.media.files.source import FileState
from dam.models.source_path_component import SourcePathComponent
from dam.services.components import ecs
from dam.services.library import Library


class SourceState(StrEnum):
    """State of a source now."""

    THERE = "there"
    """A file of the recorded size and modification time."""
    CHANGED = "changed"
    GONE = "gone"
    UNKNOWN = "unknown"
    """It cannot be looked at, as in a folder of another user."""


@dataclass(frozen=True)
class CheckedSource:
    """A path that an asset came from, and its state now."""

    path: str
    """As the file system names it; it need not be valid text."""
    state: SourceState


def check_sources(library: Library, entity_ids: Iterable[int]) -> dict[int, list[CheckedSource]]:
    """Return the sources of assets with their states, by id, oldest first. No transaction is open while files are."""
    found: dict[int, list[CheckedSource]] = defaultdict(list)
    source = SourcePathComponent
    for some in ecs.batched(entity_ids):
        columns = source.entity_id, source.path, source.size, source.mtime_ns
        with library.read() as session:
            rows = session.execute(select(*columns).where(source.entity_id.in_(some)).order_by(source.id)).all()
        for entity_id, path, size, mtime_ns in rows:
            found[entity_id].append(CheckedSource(os.fsdecode(path), _state(path, size, mtime_ns)))
    return found


def _state(path: bytes, size: int, mtime_ns: int) -> SourceState:
    try:
        now = FileState.of(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return SourceState.GONE
    except (OSError, ValueError):
        return SourceState.UNKNOWN
    return SourceState.THERE if (now.size, now.mtime_ns) == (size, mtime_ns) else SourceState.CHANGED
