"""What the tests of services share."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dam.media.kinds import Kind
from dam.services.ingest.ingest import Outcome, each_outcome, ingest
from dam.services.library import Library
from dam.systems import system as registry
from dam.systems.system import System

MakeImage = Callable[..., Path]
UseSystems = Callable[..., None]


def ingest_all(library: Library, *paths: Path | str, tags: Iterable[str] = ()) -> list[Outcome]:
    """Ingest some paths to the end."""
    return list(each_outcome(library, ingest(library, map(str, paths), list(tags))))


def statuses(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def staged(library: Library) -> list[Path]:
    """What lies in the store's folder for temporary files."""
    return [path for path in (library.store.root / "tmp").rglob("*") if path.is_file()]


@pytest.fixture
def use_systems(monkeypatch: pytest.MonkeyPatch) -> UseSystems:
    """Let the program have other systems than its own: `use_systems(SYSTEM, …)`."""

    def use(*systems: System) -> None:
        monkeypatch.setattr(registry, "all_systems", lambda: systems)
        assert {label for kind in Kind for label in registry.labels_in(registry.todays_set(kind))} <= {
            system.label for system in systems
        }

    return use
