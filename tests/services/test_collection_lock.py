"""Whoever makes assets of blobs that are there keeps collections away until the rows are committed."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from dam.core.config import Settings
from dam.core.errors import LockedError
from dam.services.library import Library, open_library
from dam.services.rebuild.rebuild import rebuild
from dam.services.repair.repair import repair
from dam.services.transfer.export import export
from dam.services.transfer.importing import import_library
from dam.storage import store_lock
from dam.storage.local import LocalBlobStore
from tests.services.conftest import ingest_all

pytestmark = pytest.mark.local_store


def repaired(settings: Settings) -> None:
    with open_library(settings) as library:
        list(repair(library))


def rebuilt(settings: Settings) -> None:
    database_of(settings).unlink()
    list(rebuild(settings))


def imported(settings: Settings) -> None:
    with open_library(settings) as library:
        lines = list(export(library))
    database_of(settings).unlink()
    import_library(lines, settings)


def leave_orphan(root: Path, content: bytes) -> None:
    with closing(LocalBlobStore(root)) as store:
        staged = store.stage()
        staged.write(content)
        store.publish({hashlib.sha256(content).hexdigest(): staged})


def database_of(settings: Settings) -> Path:
    assert settings.sqlite_path
    return settings.sqlite_path


@pytest.mark.parametrize("command", [repaired, rebuilt, imported])
def test_a_collection_does_not_get_between(
    library: Library, tmp_path: Path, command: Callable[[Settings], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each insertion of a place in the store, the lock cannot be had."""
    assert library.store.root
    settings = Settings(DATABASE_URL=str(library.engine.url), ASSET_STORAGE_PATH=library.store.root)
    (tmp_path / "a.txt").write_text("content")
    ingest_all(library, tmp_path / "a.txt")
    library.close()
    leave_orphan(settings.ASSET_STORAGE_PATH, b"an orphan")
    monkeypatch.setattr(store_lock, "MAX_USE_SECONDS", 0)
    tried = []

    def collect(_connection: Any, _cursor: Any, statement: str, *_: Iterable[Any]) -> None:
        if "INSERT INTO component_file_location" in statement:
            with pytest.raises(LockedError), LocalBlobStore(settings.ASSET_STORAGE_PATH).alone():
                pass
            tried.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        command(settings)
    finally:
        event.remove(Engine, "before_cursor_execute", collect)
    assert tried
