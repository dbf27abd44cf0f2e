"""Declaration and discovery of systems."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from types import ModuleType
from typing import TypeAlias

import dam.systems
from dam.media.kinds import Kind
from dam.media.obstacle import FindObstacle, Obstacle
from dam.media.sample import Sample, obstacle
from dam.models.base_component import BaseComponent
from dam.models.base_index_row import BaseIndexRow
from dam.systems.declarations import declarations

IndexRow: TypeAlias = dict[str, int]
"""Values of an index row by column. A mapping is cheap, and a file may have thousands of rows."""
Row: TypeAlias = BaseComponent | IndexRow
"""A row that a system derives."""
RowTable: TypeAlias = type[BaseComponent] | type[BaseIndexRow]
Run: TypeAlias = Callable[[Sample], Row | Sequence[Row] | None]


def no_obstacle(_media_type: str) -> None:
    """Return no obstacle: for a system that only needs the decoder of the content."""


@dataclass(frozen=True, eq=False)
class System:
    """A function from a sample to components of one type, with its declaration.

    Besides components, the function may return rows of `index`, as mappings, by which a search finds the entity. Raise
    `version` when the function returns different results for the same content: `dam-cli run-systems` then runs it
    again and replaces its earlier rows.
    """

    run: Run
    kinds: AbstractSet[Kind]
    """Kinds of media that the system processes."""
    produces: type[BaseComponent]
    version: int
    index: type[BaseIndexRow] | None = None
    reads_sidecar: bool = False
    """Whether the result also depends on the sidecar beside the source."""
    obstacle: FindObstacle = no_obstacle
    """Function of the media type that returns why this system cannot run here, although the content can be decoded."""
    on_request: bool = False
    """Whether it runs only when asked for, since it takes seconds a file; an asset is up to date without it."""

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.run.__name__

    @property
    def label(self) -> str:
        """Name and version, such as `image_ahash@1`."""
        return f"{self.name}@{self.version}"

    @property
    def tables(self) -> tuple[RowTable, ...]:
        """Tables of the rows that the system returns."""
        return (self.produces, self.index) if self.index else (self.produces,)

    def __call__(self, sample: Sample) -> list[Row]:
        """Run the system; return an empty list if it does not apply to this sample.

        Raises:
            DecodeError: the content is damaged.

        """
        result = self.run(sample)
        if result is None:
            return []
        return list(result) if isinstance(result, Sequence) else [result]

    def table_of(self, row: Row) -> RowTable:
        """Return the table of a row that the system returned."""
        table = self.index if isinstance(row, dict) else type(row)
        assert table, f"{self.name} returns index rows but declares no index"  # noqa: S101  an error in the system
        return table


def system(
    *,
    kinds: AbstractSet[Kind],
    produces: type[BaseComponent],
    version: int,
    index: type[BaseIndexRow] | None = None,
    reads_sidecar: bool = False,
    obstacle: FindObstacle = no_obstacle,
    on_request: bool = False,
) -> Callable[[Run], System]:
    """Return a decorator that declares a function to be a system; for the parameters see `System`.

    A system owns its tables: when it runs for an asset, it replaces all of the asset's rows in them.
    """

    def declare(function: Run) -> System:
        return System(function, frozenset(kinds), produces, version, index, reads_sidecar, obstacle, on_request)

    return declare


@cache
def all_systems() -> tuple[System, ...]:
    """Return all systems, sorted by name."""
    systems: set[System] = set()
    for module in pkgutil.iter_modules(dam.systems.__path__, f"{dam.systems.__name__}."):
        systems.update(systems_in(importlib.import_module(module.name)))
    return tuple(sorted(systems, key=lambda system: system.name))


def systems_in(module: ModuleType) -> set[System]:
    """Return the systems of an imported module."""
    return {member for member in vars(module).values() if isinstance(member, System)}


def tables_by_system() -> dict[str, tuple[RowTable, ...]]:
    """Return the tables of each system, by system name."""
    return {system.name: system.tables for system in all_systems()}


def systems_for(kind: Kind, *, on_request: bool = False) -> tuple[System, ...]:
    """Return the systems that process a kind of media, sorted by name; with `on_request`, also those asked for only."""
    return _of_kind(all_systems(), kind, on_request)


@cache  # asked for each file several times
def _of_kind(
    systems: tuple[System, ...],
    kind: Kind,
    on_request: bool,  # noqa: FBT001  private
) -> tuple[System, ...]:
    return tuple(system for system in systems if kind in system.kinds and (on_request or not system.on_request))


def obstacles(media_type: str, due: Iterable[System]) -> dict[str, Obstacle]:
    """Return why due systems cannot process a media type on this installation, by system name."""
    of_all = obstacle(media_type)
    reasons = ((system.name, of_all or system.obstacle(media_type)) for system in due)
    return {name: reason for name, reason in reasons if reason}


def sidecar_labels(kind: Kind) -> frozenset[str]:
    """Return the labels of the systems that read sidecars."""
    return frozenset(system.label for system in systems_for(kind) if system.reads_sidecar)


def system_set(kind: Kind, labels: AbstractSet[str]) -> str:
    """Return the text form of a set of systems, such as `image: image_ahash@1 image_dhash@1`."""
    return f"{kind.value}: {' '.join(sorted(labels))}".strip()


def current_set(kind: Kind) -> str:
    """Return the text form of the current set of systems for a kind of media, without importing them."""
    labels = {each.label for each in declarations() if kind in each.kinds and not each.on_request}
    return system_set(kind, labels)


def complete_sets(kind: Kind) -> tuple[str, ...]:
    """Return the sets of systems with which an asset is up to date: the current one, and with any run on request."""
    declared = [each for each in declarations() if kind in each.kinds]
    always = {each.label for each in declared if not each.on_request}
    asked = [each.label for each in declared if each.on_request]
    some = (labels for number in range(len(asked) + 1) for labels in combinations(asked, number))
    return tuple(system_set(kind, always.union(labels)) for labels in some)


def labels_in(text: str) -> frozenset[str]:
    """Return the labels in the text form of a set; the inverse of `system_set`."""
    return frozenset(text.partition(":")[2].split())
