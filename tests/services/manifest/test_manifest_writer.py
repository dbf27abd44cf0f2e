"""The manifest of a library: in step with the database, after every fault."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from dam.core.errors import OldDatabaseError, StoreError
from dam.services.library import Library
from dam.services.manifest import manifest_writer, outbox
from dam.services.manifest.lines import Line
from dam.services.manifest.manifest_writer import ManifestState
from dam.services.manifest.reader import read
from dam.services.tags.tags import add_tag_to_entity
from dam.storage.memory import MemoryManifest
from tests.services.conftest import ingest_all


def reopened(library: Library) -> Library:
    """The library as another process opens it."""
    return replace(library)


def add(library: Library, folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(f"content of {name}")
    ingest_all(library, path)


def batches(library: Library) -> list[int]:
    return sorted({item.batch for item in read(library.store.manifest) if isinstance(item, Line)})


def rows(library: Library) -> list[int]:
    with library.peek() as connection:
        return list(connection.scalars(text("SELECT id FROM manifest_records ORDER BY id")))


def state(library: Library) -> ManifestState:
    return reopened(library).manifest_writer.state()


def test_every_batch_is_appended_and_the_outbox_keeps_the_last(each_library: Library, tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        add(reopened(each_library), tmp_path, name)
        assert batches(each_library) == list(range(1, number + 1))
    assert rows(each_library) == [3]
    assert state(each_library) == ManifestState(3, 3, 3, 0, 0)


def test_a_change_that_changes_nothing_is_not_in_the_manifest(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, "a")
    for _ in range(2):
        with library.write() as session:
            add_tag_to_entity(session, 1, "sea")
    assert batches(library) == [1, 2]


def test_what_was_committed_and_not_appended_is_appended_by_the_next_writer(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    add(library, tmp_path, "a")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryManifest, "append", fail)
        with pytest.raises(StoreError, match="disk is full; the database has the change"):
            add(library, tmp_path, "b")
    assert state(library).pending == 1
    add(reopened(library), tmp_path, "c")
    assert batches(library) == [1, 2, 3]
    assert [item for item in read(library.store.manifest) if not isinstance(item, Line)] == []


@pytest.mark.local_store
@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_torn_end_is_written_again(library: Library, tmp_path: Path, cut: int) -> None:
    add(library, tmp_path, "a")
    add(library, tmp_path, "b")
    assert library.store.root
    [segment] = (library.store.root / "manifest").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes()[:-cut])
    assert state(library).pending == 1
    add(reopened(library), tmp_path, "c")
    assert batches(library) == [1, 2, 3]
    assert [item for item in read(library.store.manifest) if not isinstance(item, Line)] == []


def test_a_rolled_back_change_leaves_no_line(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, "a")

    def fail() -> None:
        with library.write() as session:
            add_tag_to_entity(session, 1, "sea")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert batches(library) == [1]


def test_segments_are_bounded(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_writer, "MAX_SEGMENT_BYTES", 500)
    for name in "abcd":
        add(library, tmp_path, name)
    assert len(library.store.manifest.numbers()) > 2
    assert batches(library) == [1, 2, 3, 4]


def test_a_manifest_that_is_lost_is_written_again_from_the_database(library: Library, tmp_path: Path) -> None:
    for name in "abc":
        add(library, tmp_path, name)
    library.store.manifest._segments.clear()  # type: ignore[attr-defined]
    assert state(library).lost == 2
    add(reopened(library), tmp_path, "d")
    assert (state(library).lost, state(library).snapshot) == (0, None)
    lines = [item.content for item in read(library.store.manifest, 3) if isinstance(item, Line)]
    assert [line["row"]["id"] for line in lines if line.get("put") == "entities"] == [1, 2, 3]


def test_a_database_that_is_older_than_the_manifest_is_not_written_to(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path, "a")
    add(library, tmp_path, "b")
    with library.engine.begin() as connection:
        connection.execute(text("UPDATE manifest_records SET id = 1"))
    assert state(library).is_database_older
    with pytest.raises(OldDatabaseError, match="rebuild-db --merge"):
        add(reopened(library), tmp_path, "c")


def test_a_library_from_before_the_manifest_is_written_to_it_and_goes_on_after_a_kill(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        add(library, tmp_path, name)
    library.store.manifest._segments.clear()  # type: ignore[attr-defined]
    with library.engine.begin() as connection:
        connection.execute(text("DELETE FROM manifest_records"))
    monkeypatch.setattr("dam.services.manifest.snapshot.PAGE", 2)
    appended = manifest_writer.ManifestWriter.append
    calls = iter(range(3))

    def killed(self: manifest_writer.ManifestWriter, *_: object) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        appended(self)

    with monkeypatch.context() as patch:
        patch.setattr(manifest_writer.ManifestWriter, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            add(reopened(library), tmp_path, "d")
    assert state(library).snapshot
    add(reopened(library), tmp_path, "d")
    puts = [item.content for item in read(library.store.manifest) if isinstance(item, Line)]
    assert [line["row"]["id"] for line in puts if line.get("put") == "entities"] == [1, 2, 3]
    assert [line["snapshot"] for line in puts if "snapshot" in line] == ["begin", "end"]


def test_sessions_of_others_leave_their_batches_to_the_next_writer(library: Library, tmp_path: Path) -> None:
    from dam.core import database

    add(library, tmp_path, "a")
    with database.writing(library.engine)() as session, session.begin():
        add_tag_to_entity(session, 1, "sea")
        assert outbox.last_batch(session.connection()) == 1
    assert state(library).pending == 1
    add(reopened(library), tmp_path, "b")
    assert batches(library) == [1, 2, 3]
