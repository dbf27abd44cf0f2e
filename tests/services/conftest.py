"""What the tests of services share.

They hold for every store. `library` has its blobs in memory, and `each_library` in a folder; DAM_TESTS_STORE=memory or
=local gives all tests the one or the other. Those that are about files in the store's folder are marked `local_store`.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dam.media.kinds import Kind
from dam.services.ingest.ingest import Outcome, each_outcome, ingest
from dam.services.library import Library
from dam.services.processes import pool
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore
from dam.storage.memory import MemoryBlobStore
from dam.systems import system as registry
from dam.systems.system import System

MakeImage = Callable[..., Path]
UseSystems = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no pool is given, run requests in this process: a store in memory is in no other."""
    monkeypatch.setattr(pool, "default_jobs", lambda: 0)


@pytest.fixture
def library(library: Library, request: pytest.FixtureRequest) -> Iterator[Library]:
    """An open empty library, with a store in memory."""
    yield from _with_store(library, request, default="memory")


@pytest.fixture
def each_library(each_library: Library, request: pytest.FixtureRequest) -> Iterator[Library]:
    """An open empty library, on each kind of database."""
    yield from _with_store(each_library, request, default="local")


def _with_store(library: Library, request: pytest.FixtureRequest, default: str) -> Iterator[Library]:
    if request.node.get_closest_marker("local_store") or os.environ.get("DAM_TESTS_STORE", default) == "local":
        yield library
        return
    assert library.store.root
    shutil.rmtree(library.store.root)
    store = MemoryBlobStore()
    store.write_marker(library.id)
    yield replace(library, store=store)
    store.close()


def ingest_all(library: Library, *paths: Path | str, tags: Iterable[str] = ()) -> list[Outcome]:
    """Ingest some paths to the end."""
    return list(each_outcome(library, ingest(library, map(str, paths), list(tags))))


def statuses(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome.status.value for outcome in outcomes]


def staged(library: Library) -> list[Path]:
    """What lies in the store's folder for temporary files; nothing where there is none."""
    root = library.store.root
    return [path for path in (root / "tmp").rglob("*") if path.is_file()] if root else []


def another(store: BlobStore) -> BlobStore:
    """The store as another process has it open."""
    return LocalBlobStore(store.root) if store.root else store


def spoil(library: Library, sha256: str | None, content: bytes | None = None) -> None:
    """Damage a blob in the store: give it another content, or none at all."""
    assert sha256
    if isinstance(library.store, MemoryBlobStore):
        del library.store._blobs[sha256]
        if content is not None:
            library.store._blobs[sha256] = content
        return
    path = library.store.path(sha256)
    assert path
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o444)


@pytest.fixture
def use_systems(monkeypatch: pytest.MonkeyPatch) -> UseSystems:
    """Let the program have other systems than its own: `use_systems(SYSTEM, …)`."""

    def use(*systems: System) -> None:
        monkeypatch.setattr(registry, "all_systems", lambda: systems)
        monkeypatch.setattr(registry, "declarations", lambda: systems)
        assert {label for kind in Kind for label in registry.labels_in(registry.current_set(kind))} <= {
            system.label for system in systems
        }

    return use
