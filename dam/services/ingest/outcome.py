"""Options and outcomes of an ingest."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from dam.core.errors import UsageError
from dam.media.files.selection import EVERYTHING, Selection
from dam.media.kinds import Kind, kind_of
from dam.services.catalogue.asset_states import states_by_id
from dam.services.library import Library
from dam.storage.modes import Mode


class Status(StrEnum):
    """Status of a path after an ingest."""

    ADDED = "added"
    LINKED = "linked"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one path. Unless it failed or was skipped, it is durable in the library."""

    path: str
    status: Status
    entity_id: int | None = None
    sha256: str | None = None
    md5: str | None = None
    media_type: str | None = None
    size: int = 0
    replaces: int | None = None
    """The previous asset of this path, if its content has changed."""
    took_over: bool = False
    """Whether the asset took over what the user said of the previous one: tags, verdicts."""
    error: str | None = None
    """Why the path failed, or why its stored content could not be decoded."""
    obstacle: str | None = None
    """Why a system cannot run on this installation, if so."""
    is_shared: bool | None = None
    """Whether the new blob shares its bytes with the source; None without a new blob."""
    is_restored: bool = False
    """Whether the asset has come back from the trash."""
    healed: str | None = None
    """What was wrong with the library's blob of this content, which the file has replaced; None if it was sound."""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content."""
        return kind_of(self.media_type) if self.media_type else None


UnchangedFile: TypeAlias = tuple[str, int, int]
"""An unchanged file: path, asset, size in bytes as the file system tells it."""


@dataclass(frozen=True)
class Unchanged:
    """Consecutive files that have not changed since they were recorded.

    They are reported together and without digests, because looking up digests takes longer than detecting that a file
    has not changed. `each_outcome` looks them up.
    """

    files: Sequence[UnchangedFile]

    @property
    def count(self) -> int:
        """The number of files."""
        return len(self.files)

    @property
    def bytes(self) -> int:
        """The total size of the files."""
        return sum(size for _, _, size in self.files)


def missing_paths(paths: Iterable[str]) -> dict[str, Outcome]:
    """Return the outcomes of paths at which there is nothing, by path.

    Whoever names such a path by hand has made a mistake, which is nothing to retry: it need not reach the library.
    """
    return {
        path: Outcome(os.path.abspath(path) if path else path, Status.FAILED, error=reason)
        for path in paths
        if (reason := _absence(path))
    }


def _absence(path: str) -> str | None:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "there is no such file or folder" if path else "is an empty path"
    except (OSError, ValueError):
        return None  # whatever it is, the ingest reports it
    return None


def each_outcome(library: Library, items: Iterable[Outcome | Unchanged]) -> Iterator[Outcome]:
    """Yield an outcome for each path: expand `Unchanged`, with digests and media types."""
    for item in items:
        if isinstance(item, Unchanged):
            yield from _complete(library, item)
        else:
            yield item


def _complete(library: Library, unchanged: Unchanged) -> list[Outcome]:
    with library.read() as session:
        states = {state.entity_id: state for state in states_by_id(session, {file[1] for file in unchanged.files})}
    return [
        Outcome(
            path,
            Status.UNCHANGED,
            entity_id=entity_id,
            sha256=states[entity_id].sha256,
            md5=states[entity_id].md5,
            media_type=states[entity_id].media_type,
            size=states[entity_id].size,
        )
        for path, entity_id, _ in unchanged.files
    ]


@dataclass(frozen=True)
class Options:
    """Options of an ingest."""

    selection: Selection = EVERYTHING
    mode: Mode = Mode.COPY
    rehash: bool = False
    """Whether files that look unchanged are read."""
    import_keywords: bool = False
    """Whether keywords of images are added as tags."""
    follow: bool = False
    """Whether files that have changed take over what the user said of their previous assets, whatever has changed.

    Otherwise only those do that have the same picture as before.
    """
    min_copies: int = 1
    """How many sound copies the store and its mirrors must have before the source of a move is removed."""

    def check(self) -> None:
        """Check that the options go together; UsageError otherwise."""
        if self.min_copies < 1:
            raise UsageError("the minimum number of copies is 1 or more")
        if self.min_copies > 1 and self.mode is not Mode.MOVE:
            raise UsageError("a minimum number of copies needs the mode move: no other mode removes a source")

    @property
    def trusts_state(self) -> bool:
        """Whether files that look unchanged are skipped. A file is always read before it is unlinked."""
        return not self.rehash and self.mode is not Mode.MOVE


DEFAULT = Options()
