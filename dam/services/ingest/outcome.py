"""What goes into an ingest and what comes out: options, and what became of each path."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from dam.media.files.selection import EVERYTHING, Selection
from dam.media.kinds import Kind, kind_of
from dam.services.catalogue.asset_states import states_by_id
from dam.services.library import Library
from dam.storage.modes import Mode


class Status(StrEnum):
    """What became of a path."""

    ADDED = "added"
    LINKED = "linked"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """What became of one path. All but a failed or skipped one are durable in the library."""

    path: str
    status: Status
    entity_id: int | None = None
    sha256: str | None = None
    md5: str | None = None
    media_type: str | None = None
    size: int = 0
    replaces: int | None = None
    """The asset that this path was of before, if its content has changed."""
    error: str | None = None
    """Why it failed; or, for content that is stored, why it could not be decoded."""
    obstacle: str | None = None
    """Why this installation cannot fingerprint such content, or not all of it."""
    is_shared: bool | None = None
    """Whether the store shares its bytes with the source, or has a copy; None where it got nothing."""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content."""
        return kind_of(self.media_type) if self.media_type else None


UnchangedFile: TypeAlias = tuple[str, int, int]
"""A file that was not read: its path, its asset, its size in bytes."""


@dataclass(frozen=True)
class Unchanged:
    """Files that are as the library has recorded them, in a row.

    They come together and in short: to look up the digests of a file takes longer than to see that it has not changed.
    `each_outcome` looks them up.
    """

    files: Sequence[UnchangedFile]

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self.files)

    @property
    def bytes(self) -> int:
        """The sum of their sizes."""
        return sum(size for _, _, size in self.files)


def each_outcome(library: Library, items: Iterable[Outcome | Unchanged]) -> Iterator[Outcome]:
    """Yield what became of each path, also of those that an ingest yields together, with digests and media type."""
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
            size=size,
        )
        for path, entity_id, size in unchanged.files
    ]


@dataclass(frozen=True)
class Options:
    """How to ingest."""

    selection: Selection = EVERYTHING
    mode: Mode = Mode.COPY
    rehash: bool = False
    """Whether to read files that look unchanged."""
    import_keywords: bool = False
    """Whether the keywords of images become tags."""

    @property
    def trusts_state(self) -> bool:
        """Whether a file that looks unchanged is passed over. Before a file is unlinked, it is read."""
        return not self.rehash and self.mode is not Mode.MOVE


DEFAULT = Options()
