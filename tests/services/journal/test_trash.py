import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

import dam
from dam.core.errors import ConflictError, LockedError, NotFoundError
from dam.models import Entity, LinkRecord, OperationChange, TagComponent, TrashedComponent
from dam.services.asset_service import add_asset_file
from dam.services.catalogue.lookup import find_one_asset
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.info import describe
from dam.services.ingest.ingest import Options, Status, each_outcome, ingest
from dam.services.journal.empty import empty_trash, plan_purge, purge
from dam.services.journal.gc import collect_garbage
from dam.services.journal.leftovers import left_by_purges
from dam.services.journal.log import changes_of, log
from dam.services.journal.trash import find_assets, in_trash, remove, restore
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags.counts import count_tags
from dam.services.tags.tags import add_tags
from dam.storage import store_lock
from dam.storage.modes import Mode
from tests.services.conftest import ingest_all


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"content {number}")
    return folder


def trash_first(library: Library, folder: Path) -> int:
    """Ingest three files with a tag, and put the first in the trash."""
    ingest_all(library, folder, tags=["sea"])
    [asset] = remove(library, find_assets(library, [str(folder / "0.txt")])).assets
    return asset.entity_id


def trashed(library: Library) -> list[int]:
    return [each.asset.entity_id for each in in_trash(library)]


def keys(library: Library) -> int:
    return len(list(library.store.keys()))


def kinds(library: Library) -> list[str]:
    return [each.kind for each in log(library)]


def test_an_asset_goes_to_the_trash_and_comes_back(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    assert trashed(each_library) == [entity_id]
    with pytest.raises(NotFoundError, match="in the trash"):
        find_assets(each_library, [str(entity_id)])
    assert remove(each_library, []).operation_id is None
    with each_library.read() as session:
        assert count_tags(session) == {"sea": 2}
    info = describe(each_library)
    assert (info.entities, info.trashed, info.bytes, info.trashed_bytes) == (2, 1, 18, 9)
    found = find_assets(each_library, [str(entity_id)], in_trash=True)
    assert restore(each_library, found).assets == found
    assert (trashed(each_library), describe(each_library).entities) == ([], 3)
    assert kinds(each_library) == ["restore", "rm", "import"]
    assert keys(each_library) == 3


def test_both_can_be_undone(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    undo(each_library)
    assert trashed(each_library) == []
    undo(each_library, 3)
    assert trashed(each_library) == [entity_id]


def test_what_is_not_in_the_trash_is_not_restored(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    with pytest.raises(NotFoundError, match="not in the trash"):
        find_assets(each_library, [str(entity_id + 1)], in_trash=True)


def test_an_unchanged_file_stays_in_the_trash(each_library: Library, folder: Path) -> None:
    trash_first(each_library, folder)
    assert {outcome.status for outcome in ingest_all(each_library, folder)} == {Status.UNCHANGED}
    rehashed = list(each_outcome(each_library, ingest(each_library, [str(folder)], (), Options(rehash=True))))
    assert {(outcome.status, outcome.is_restored) for outcome in rehashed} == {(Status.UNCHANGED, False)}
    assert len(trashed(each_library)) == 1


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.MOVE, Mode.REFERENCE])
def test_a_file_at_a_new_path_brings_its_asset_back(each_library: Library, folder: Path, mode: Mode) -> None:
    entity_id = trash_first(each_library, folder)
    (folder / "0.txt").rename(folder / "new.txt")
    [outcome] = each_outcome(each_library, ingest(each_library, [str(folder / "new.txt")], (), Options(mode=mode)))
    assert (outcome.entity_id, outcome.status, outcome.is_restored) == (entity_id, Status.LINKED, True)
    assert trashed(each_library) == []
    assert kinds(each_library)[0] == "restore"
    assert [each.table for each in changes_of(each_library, 3)] == ["component_trashed"]


def test_a_file_that_is_moved_brings_its_asset_back(each_library: Library, folder: Path) -> None:
    """Else the only copy that is left would be in the trash."""
    entity_id = trash_first(each_library, folder)
    [outcome] = ingest(each_library, [str(folder / "0.txt")], (), Options(mode=Mode.MOVE))
    assert getattr(outcome, "is_restored", None) is True
    assert not (folder / "0.txt").exists()
    assert entity_id not in trashed(each_library)


def test_a_file_that_has_changed_back_brings_its_asset_back(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    (folder / "0.txt").write_text("something else")
    ingest_all(each_library, folder)
    assert trashed(each_library) == [entity_id]
    (folder / "0.txt").write_text("content 0")
    assert [outcome.is_restored for outcome in ingest_all(each_library, folder)] == [True, False, False]


def test_a_single_file_brings_its_asset_back(each_library: Library, folder: Path, tmp_path: Path) -> None:
    trash_first(each_library, folder)
    (tmp_path / "copy.txt").write_text("content 0")
    with each_library.write() as session:
        add_asset_file(session, tmp_path / "copy.txt", store=each_library.store)
    assert trashed(each_library) == []


def test_what_is_restored_is_linked_again(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    with each_library.write() as session:
        rows = [{"entity_id": each, "system_set_id": 1, "rule": 0} for each in (entity_id, entity_id + 1)]
        for row in rows:
            session.add(LinkRecord(**row))
    restore(each_library, find_assets(each_library, [str(entity_id)], in_trash=True))
    with each_library.read() as session:
        assert session.scalars(select(LinkRecord.entity_id)).all() == [entity_id + 1]


# ---- removal for good


def test_the_trash_is_emptied(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    with each_library.write() as session:
        put_verdict(session, (entity_id, entity_id + 1), Verdict.DUPLICATE)
    plan = plan_purge(each_library)
    assert (plan.entity_ids, plan.bytes, plan.last_copies) == ([entity_id], 9, 0)
    assert (trashed(each_library), keys(each_library)) == ([entity_id], 3)
    done = empty_trash(each_library, plan)
    assert (done.entity_ids, done.blobs, done.freed, done.postponed) == ([entity_id], 1, 9, None)
    assert (trashed(each_library), keys(each_library)) == ([], 2)
    with each_library.read() as session:
        assert session.get(Entity, entity_id) is None
    assert done.operation_id is not None
    recorded = {each.table: each.before or {} for each in changes_of(each_library, done.operation_id)}
    assert recorded["component_tag"]["tag"] == "sea"
    assert recorded["component_source_path"]["path_display"] == str(folder / "0.txt")
    assert set(recorded) == {
        *("component_tag", "component_verdict", "component_trashed", "component_source_path"),
        *("component_file_properties", "component_content_hash_sha256", "entities"),
    }


def test_what_was_removed_for_good_cannot_be_undone(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    done = empty_trash(each_library, plan_purge(each_library, last_copies=True))
    with pytest.raises(ConflictError, match=r"\(purge\) cannot be undone: the content has been removed"):
        undo(each_library, done.operation_id)
    with pytest.raises(ConflictError, match=r"operation 3 \(purge\) removed that for good"):
        undo(each_library)
    assert [each.kind for each in dam.Library(each_library.engine, each_library.store, "").log(asset=entity_id)] == [
        "purge",
        "rm",
        "import",
    ]


def test_a_tag_of_an_asset_that_is_gone_does_not_come_back(each_library: Library, folder: Path) -> None:
    ingest_all(each_library, folder / "0.txt")
    with each_library.write() as session:
        entity_id = find_one_asset(session, str(folder / "0.txt"))
        add_tags(session, [entity_id], ["sea"])
        session.execute(delete(TagComponent))
    with each_library.write() as session:
        session.execute(
            update(OperationChange).values(after=None, before={"entity_id": entity_id, "tag": "sea", "tag_key": "sea"})
        )
    remove(each_library, find_assets(each_library, [str(entity_id)]))
    empty_trash(each_library, plan_purge(each_library, last_copies=True))
    with pytest.raises(ConflictError, match="removed for good"):
        undo(each_library, 1)


def test_only_what_is_old_enough_is_removed(each_library: Library, folder: Path) -> None:
    trash_first(each_library, folder)
    assert plan_purge(each_library, older_than=3600).entity_ids == []


def test_the_last_copy_is_counted(each_library: Library, folder: Path) -> None:
    trash_first(each_library, folder)
    os.utime(folder / "0.txt", ns=(0, 0))
    assert plan_purge(each_library).last_copies == 1
    (folder / "0.txt").unlink()
    assert plan_purge(each_library).last_copies == 1


def test_what_has_been_restored_since_is_not_removed(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    plan = plan_purge(each_library)
    undo(each_library)
    done = empty_trash(each_library, plan)
    assert (done.entity_ids, done.blobs, done.operation_id) == ([], 0, None)
    with each_library.read() as session:
        assert session.get(Entity, entity_id)


def test_the_same_content_comes_in_again_as_a_new_asset(each_library: Library, folder: Path) -> None:
    entity_id = trash_first(each_library, folder)
    empty_trash(each_library, plan_purge(each_library, last_copies=True))
    [outcome] = ingest_all(each_library, folder / "0.txt")
    assert (outcome.status, outcome.entity_id == entity_id) == (Status.ADDED, False)
    assert keys(each_library) == 3


def test_emptying_again_collects_what_a_killed_run_has_left(each_library: Library, folder: Path) -> None:
    trash_first(each_library, folder)
    purge(each_library, plan_purge(each_library, last_copies=True))
    remove(each_library, find_assets(each_library, [str(folder / "1.txt")]))
    purge(each_library, plan_purge(each_library, last_copies=True))
    ingest_all(each_library, folder / "1.txt")
    remove(each_library, find_assets(each_library, [str(folder / "2.txt")]))
    done = empty_trash(each_library, plan_purge(each_library, last_copies=True))
    assert (len(done.entity_ids), done.blobs, done.freed) == (1, 2, 18)
    assert keys(each_library) == 1
    assert empty_trash(each_library, plan_purge(each_library, last_copies=True)).blobs == 0


def test_of_purges_that_left_nothing_no_asset_is_looked_for(each_library: Library, folder: Path) -> None:
    """The journal of a large library has many; what the store still has is little."""
    trash_first(each_library, folder)
    empty_trash(each_library, plan_purge(each_library, last_copies=True))
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(each_library.engine, "before_cursor_execute", note)
    try:
        assert list(left_by_purges(each_library)) == []
    finally:
        event.remove(each_library.engine, "before_cursor_execute", note)
    assert statements
    assert not [each for each in statements if "FROM component_" in each or "JOIN" in each]


# ---- collection


def orphan(library: Library, folder: Path) -> str:
    """Leave a blob without an asset."""
    trash_first(library, folder)
    [key] = purge(library, plan_purge(library, last_copies=True)).keys
    return key


def test_a_blob_without_an_asset_is_removed_once_it_is_old(each_library: Library, folder: Path) -> None:
    key = orphan(each_library, folder)
    assert list(collect_garbage(each_library)) == []
    assert [each.sha256 for each in collect_garbage(each_library, grace=0, dry_run=True)] == [key]
    assert keys(each_library) == 3
    [removed] = collect_garbage(each_library, grace=0)
    assert (removed.sha256, removed.size, removed.freed) == (key, 9, 9)
    assert keys(each_library) == 2
    assert list(collect_garbage(each_library, grace=0)) == []


def test_the_thumbnails_of_what_was_removed_go(each_library: Library, folder: Path) -> None:
    key = orphan(each_library, folder)
    place = each_library.store.cache_folder() / "thumbnails/256" / key[:2]
    place.mkdir(parents=True)
    (place / f"{key}.jpg").write_bytes(b"x")
    (place / f"{key[:2]}{'0' * 62}.jpg").write_bytes(b"x")
    assert len(list(collect_garbage(each_library, grace=0))) == 1
    assert [path.name for path in place.iterdir()] == [f"{key[:2]}{'0' * 62}.jpg"]


@pytest.mark.local_store
def test_a_hard_link_elsewhere_frees_nothing(library: Library, folder: Path) -> None:
    key = orphan(library, folder)
    os.link(library.store.file(key), folder / "link")
    [removed] = collect_garbage(library, grace=0)
    assert (removed.size, removed.freed) == (9, 0)
    assert (folder / "link").read_text() == "content 0"


@pytest.mark.local_store
def test_nothing_is_removed_while_an_ingest_runs(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_lock, "MAX_USE_SECONDS", 0)
    orphan(library, folder)
    running = ingest(library, [str(folder / "1.txt")], (), Options(rehash=True))
    next(running)
    with pytest.raises(LockedError, match="an ingest is using it"):
        list(collect_garbage(library, grace=0))
    remove(library, find_assets(library, [str(folder / "2.txt")]))
    done = empty_trash(library, plan_purge(library, last_copies=True))
    assert (len(done.entity_ids), done.blobs) == (1, 0)
    assert "an ingest" in (done.postponed or "")
    assert keys(library) == 3
    running.close()
    assert len(list(collect_garbage(library, grace=0))) == 2


@pytest.mark.local_store
def test_the_second_look_keeps_what_an_ingest_has_adopted(library: Library, folder: Path) -> None:
    """An ingest commits between the first look and the lock."""
    key = orphan(library, folder)
    other = replace(library)

    class Store:
        def __getattr__(self, name: str) -> object:
            if name == "alone":
                ingest_all(other, folder / "0.txt")
            return getattr(other.store, name)

    assert list(collect_garbage(replace(library, store=Store()), grace=0)) == []  # type: ignore[arg-type]
    assert library.store.size(key) == 9


def test_the_content_of_a_referenced_asset_is_kept(each_library: Library, folder: Path) -> None:
    orphan(each_library, folder)
    list(ingest(each_library, [str(folder / "0.txt")], (), Options(mode=Mode.REFERENCE)))
    assert list(collect_garbage(each_library, grace=0)) == []


def test_a_trashed_asset_costs_an_ingest_no_statement(each_library: Library, folder: Path) -> None:
    """An empty trash is noticed by one statement a batch."""
    statements: list[str] = []
    event.listen(each_library.engine, "before_cursor_execute", lambda *about: statements.append(about[2]))
    ingest_all(each_library, folder)
    assert len([text for text in statements if "component_trashed" in text]) <= 1
    assert not [text for text in statements if "operations" in text]


def test_reading_the_trash_in_pages(each_library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.services.journal.trash.PAGE", 1)
    ids = [outcome.entity_id for outcome in ingest_all(each_library, folder)]
    remove(each_library, find_assets(each_library, map(str, ids)))
    assert trashed(each_library) == ids
    with each_library.read() as session:
        assert len(session.scalars(select(TrashedComponent)).all()) == 3
