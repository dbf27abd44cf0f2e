"""Declaration and discovery of systems."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import dam.systems
from dam.media.kinds import Kind
from dam.media.sample import Sample, obstacle
from dam.models.base_component import BaseComponent
from dam.models.base_index_row import BaseIndexRow

IndexRow: TypeAlias = dict[str, int]
"""The columns of a row of an index: there may be thousands, and a plain mapping costs little."""
Row: TypeAlias = BaseComponent | IndexRow
RowTable: TypeAlias = type[BaseComponent] | type[BaseIndexRow]
Run: TypeAlias = Callable[[Sample], Row | Sequence[Row] | None]
Obstacle: TypeAlias = Callable[[str], str | None]


def nothing_is_missing(_media_type: str) -> None:
    """Return None: the system needs nothing but the decoder of the content."""


@dataclass(frozen=True)
class System:
    """A function from a sample to components of one kind, with its declaration.

    With them it may give rows of an `index`, as plain mappings, by which the components of others are found. Raise
    `version` when the function would now give another result: `dam-cli run-systems` then runs it again, and what it
    gave before goes.
    """

    run: Run
    kinds: AbstractSet[Kind]
    produces: type[BaseComponent]
    version: int
    index: type[BaseIndexRow] | None = None
    reads_sidecar: bool = False
    """Whether its result also depends on the sidecar beside the source."""
    obstacle: Obstacle = nothing_is_missing
    """Gives why it alone cannot look at such content here, though the content can be decoded: it runs later."""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__

    @property
    def label(self) -> str:
        """Name and version, as in a system set."""
        return f"{self.name}@{self.version}"

    @property
    def tables(self) -> tuple[RowTable, ...]:
        """Where what it gives is kept."""
        return (self.produces, self.index) if self.index else (self.produces,)

    def __call__(self, sample: Sample) -> list[Row]:
        """Run the system; nothing when there is nothing to say of this sample, DecodeError when it is damaged."""
        given = self.run(sample)
        if given is None:
            return []
        return list(given) if isinstance(given, Sequence) else [given]

    def table_of(self, row: Row) -> RowTable:
        """Return where a row that it gave is kept."""
        table = self.index if isinstance(row, dict) else type(row)
        assert table, f"{self.name} has no index for rows"  # noqa: S101  so it must be declared
        return table


def system(
    *,
    kinds: AbstractSet[Kind],
    produces: type[BaseComponent],
    version: int,
    index: type[BaseIndexRow] | None = None,
    reads_sidecar: bool = False,
    obstacle: Obstacle = nothing_is_missing,
) -> Callable[[Run], System]:
    """Declare a function a system for samples of some kinds.

    What it produces is its own: rows of that kind that somebody else gave an asset go when it runs.
    """

    def declare(function: Run) -> System:
        return System(function, frozenset(kinds), produces, version, index, reads_sidecar, obstacle)

    return declare


@cache
def all_systems() -> tuple[System, ...]:
    """Return every system, by name."""
    found: set[System] = set()
    for module in pkgutil.iter_modules(dam.systems.__path__, f"{dam.systems.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found.update(member for member in members if isinstance(member, System))
    return tuple(sorted(found, key=lambda system: system.name))


def tables_by_system() -> dict[str, tuple[RowTable, ...]]:
    """Return where what each system gives is kept, by its name."""
    return {system.name: system.tables for system in all_systems()}


def systems_for(kind: Kind) -> tuple[System, ...]:
    """Return the systems that look at a kind of media, by name."""
    return tuple(system for system in all_systems() if kind in system.kinds)


def obstacles(media_type: str, due: Iterable[System]) -> dict[str, str]:
    """Return why some of the systems that are due cannot look at such content here, by the names of these."""
    of_all = obstacle(media_type)
    reasons = ((system.name, of_all or system.obstacle(media_type)) for system in due)
    return {name: reason for name, reason in reasons if reason}


def labels_of_readers(kind: Kind) -> frozenset[str]:
    """Return the labels of the systems that look at sidecars."""
    return frozenset(system.label for system in systems_for(kind) if system.reads_sidecar)


def system_set(kind: Kind, labels: AbstractSet[str]) -> str:
    """Write down a set of systems, such as `image: image_ahash@1 image_dhash@1`."""
    return f"{kind.value}: {' '.join(sorted(labels))}".strip()


def todays_set(kind: Kind) -> str:
    """Write down the set of systems that an asset of this kind should have seen."""
    return system_set(kind, {system.label for system in systems_for(kind)})


def labels_in(written: str) -> frozenset[str]:
    """Return the labels of a set that `system_set` wrote."""
    return frozenset(written.partition(":")[2].split())
