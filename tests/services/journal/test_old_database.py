"""What removes for good, when the database does not know of all that the store has."""

import hashlib
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import delete

from dam.core.config import Settings
from dam.core.errors import OldDatabaseError
from dam.models import Entity
from dam.services.journal.empty import empty_trash, plan_purge, purge
from dam.services.journal.gc import collect_garbage
from dam.services.journal.trash import find_assets, remove
from dam.services.journal.undo import undo
from dam.services.library import Library, open_library
from dam.services.manifest.owners import Said, last_said
from dam.services.rebuild.rebuild import Rebuilt, rebuild
from dam.services.repair.outcome import Action, Result
from dam.services.repair.repair import repair
from dam.storage.local import LocalBlobStore
from tests.services.conftest import ingest_all


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"content {number}")
    return folder


def keys(library: Library) -> list[str]:
    return list(library.store.keys())


@pytest.mark.local_store
def test_a_restored_backup_removes_nothing(library_folder: Path, folder: Path) -> None:
    """The assets that are younger than the backup look as if nobody had them."""
    settings = Settings(
        DATABASE_URL=f"sqlite:///{library_folder}/dam.sqlite3", ASSET_STORAGE_PATH=library_folder / "store"
    )
    with open_library(settings) as library:
        ingest_all(library, folder / "0.txt")
        remove(library, find_assets(library, [str(folder / "0.txt")]))
    database = library_folder / "dam.sqlite3"
    shutil.copy(database, library_folder / "backup")
    with open_library(settings) as library:
        ingest_all(library, folder)
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    os.replace(library_folder / "backup", database)
    with open_library(settings) as library:
        for dry_run in (True, False):
            with (
                pytest.raises(OldDatabaseError, match="rebuild-db --merge"),
                closing(collect_garbage(library, grace=0, dry_run=dry_run)) as found,
            ):
                next(found)
        with pytest.raises(OldDatabaseError):
            empty_trash(library, plan_purge(library, last_copies=True))
        assert len(keys(library)) == 3


def test_what_an_asset_has_by_the_manifest_stays(
    each_library: Library, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when the database has lost a row of it: nothing says that the asset was removed."""
    kept, *_ = [outcome.sha256 for outcome in ingest_all(each_library, folder)]
    with each_library.write() as session:
        session.execute(delete(Entity).where(Entity.id == 1))
    assert list(collect_garbage(each_library, grace=0, dry_run=True)) == []
    assert list(collect_garbage(each_library, grace=0)) == []
    assert "dam-cli repair" in caplog.text
    assert kept in keys(each_library)
    assert last_said(each_library.store.manifest, [str(kept)]) == {kept: Said.OWNED}


def test_the_manifest_says_what_was_last(each_library: Library, folder: Path) -> None:
    [outcome] = ingest_all(each_library, folder / "0.txt")
    key = str(outcome.sha256)
    said: list[Said] = []
    for _ in range(2):
        remove(each_library, find_assets(each_library, [key]))
        purge(each_library, plan_purge(each_library, last_copies=True))
        said += last_said(each_library.store.manifest, [key]).values()
        ingest_all(each_library, folder / "0.txt")
        said += last_said(each_library.store.manifest, [key]).values()
    assert said == [Said.PURGED, Said.OWNED] * 2
    assert last_said(each_library.store.manifest, ["0" * 64]) == {}


def orphan(library: Library, content: bytes) -> str:
    """Leave a blob without an asset, as an ingest that was killed."""
    key = hashlib.sha256(content).hexdigest()
    library.store.close()
    assert library.store.root
    with closing(LocalBlobStore(library.store.root)) as store:
        staged = store.stage()
        staged.write(content)
        store.publish({key: staged})
    return key


@pytest.mark.local_store
def test_an_adoption_that_was_undone_can_be_repeated_or_collected(library: Library) -> None:
    key = orphan(library, b"an orphan")
    for _ in range(2):
        assert [(each.action, each.result) for each in repair(library)] == [(Action.ADOPT, Result.DONE)]
        assert list(collect_garbage(library, grace=0)) == []
        undo(library)
    assert [each.sha256 for each in collect_garbage(library, grace=0)] == [key]


@pytest.mark.local_store
def test_blobs_without_an_asset_cost_one_look_at_the_manifest(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is long in a large library."""
    ingest_all(library, folder)
    orphans = [orphan(library, b"an orphan"), orphan(library, b"another")]
    opened: list[int] = []
    manifest = library.store.manifest
    real = manifest.open

    def count(number: int) -> BinaryIO:
        opened.append(number)
        return real(number)

    monkeypatch.setattr(manifest, "open", count)
    assert len(list(repair(library, dry_run=True))) == len(orphans)
    with_orphans = len(opened)
    for key in orphans:
        library.store.remove(key)
    opened.clear()
    assert list(repair(library, dry_run=True)) == []
    assert with_orphans == len(opened) + 1


@pytest.mark.local_store
def test_what_was_removed_for_good_is_not_adopted(library: Library, folder: Path) -> None:
    """Neither by a repair nor by a rebuild, when a kill has left its blob."""
    [outcome, *_] = ingest_all(library, folder)
    remove(library, find_assets(library, [str(outcome.sha256)]))
    purge(library, plan_purge(library, last_copies=True))
    library.close()
    assert outcome.sha256 in keys(library)
    assert list(repair(library)) == []
    database = Path(str(library.engine.url.database))
    database.rename(database.with_name("old"))
    assert library.store.root
    settings = Settings(DATABASE_URL=str(library.engine.url), ASSET_STORAGE_PATH=library.store.root)
    [result] = rebuild(settings)
    assert isinstance(result, Rebuilt)
    assert (result.assets, result.adopted) == (2, 0)
    with open_library(settings) as again:
        assert [each.sha256 for each in collect_garbage(again, grace=0)] == [outcome.sha256]
