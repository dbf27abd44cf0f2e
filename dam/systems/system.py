"""What a system is, and finding them all."""

import importlib
import pkgutil
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import dam.systems
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.base_component import BaseComponent

Produced = TypeVar("Produced", bound=BaseComponent)


@dataclass(frozen=True)
class System:
    """A function from a sample to a component, and what one must know to run it.

    Raise `version` when the function would now give another result: `dam-cli run-systems` then runs it again.
    """

    run: Callable[[Sample], BaseComponent | None]
    kinds: AbstractSet[Kind]
    produces: type[BaseComponent]
    version: int
    reads_sidecar: bool = False
    """Whether what it says depends on the sidecar beside the source, too."""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__

    @property
    def label(self) -> str:
        """Name and version, as in a system set."""
        return f"{self.name}@{self.version}"

    def __call__(self, sample: Sample) -> BaseComponent | None:
        """Run the system; None when there is nothing to say of this sample, DecodeError when it is damaged."""
        return self.run(sample)


def system(
    *, kinds: AbstractSet[Kind], produces: type[Produced], version: int, reads_sidecar: bool = False
) -> Callable[[Callable[[Sample], Produced | None]], System]:
    """Declare a function a system for samples of some kinds."""

    def declare(function: Callable[[Sample], Produced | None]) -> System:
        return System(function, frozenset(kinds), produces, version, reads_sidecar)

    return declare


@cache
def all_systems() -> tuple[System, ...]:
    """Return every system, by name."""
    found: set[System] = set()
    for module in pkgutil.iter_modules(dam.systems.__path__, f"{dam.systems.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found.update(member for member in members if isinstance(member, System))
    return tuple(sorted(found, key=lambda system: system.name))


def produced_by_system() -> dict[str, type[BaseComponent]]:
    """Return the kind of component that each system produces, by its name."""
    return {system.name: system.produces for system in all_systems()}


def systems_for(kind: Kind) -> tuple[System, ...]:
    """Return the systems that look at a kind of media, by name."""
    return tuple(system for system in all_systems() if kind in system.kinds)


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
