"""Modes, where something happens in the middle."""

from pathlib import Path
from typing import Any

import pytest

from dam.core.errors import StoreError
from dam.media.kinds import Kind
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample
from dam.models import DimensionsComponent, FileLocationComponent
from dam.services.components import ecs
from dam.services.ingest import batch as batches
from dam.services.ingest import finish, writer
from dam.services.ingest.ingest import Options, Outcome, each_outcome, ingest
from dam.services.ingest.run_systems import run_systems
from dam.services.library import Library
from dam.services.processes.pool import Pool, open_pool
from dam.services.verify.findings import IntactAsset
from dam.services.verify.verify import verify
from dam.storage.modes import Mode
from dam.systems.system import all_systems, system, systems_for
from tests.services.conftest import MakeImage, UseSystems, ingest_all, spoil, staged, statuses


def take(library: Library, mode: Mode, *paths: Path, pool: Pool | None = None) -> list[Outcome]:
    return list(each_outcome(library, ingest(library, map(str, paths), options=Options(mode=mode), pool=pool)))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a").write_text("content")
    return tmp_path / "a"


def storage_types(library: Library) -> list[str]:
    with library.read() as session:
        return [place.storage_type for place in ecs.get_components(session, 1, FileLocationComponent)]


@pytest.mark.local_store
@pytest.mark.parametrize("batch", [1, 2])
def test_equal_files_are_shared_once(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Also where the second was read before the first was published."""
    monkeypatch.setattr(batches, "MAX_BATCH_FILES", batch)
    (source.parent / "twin").write_text("content")
    assert [found.is_shared for found in take(library, Mode.HARDLINK, source, source.parent / "twin")] == [True, None]


@pytest.mark.parametrize("change", ["content", "replaced", "gone"])
def test_a_source_that_changes_before_it_is_moved_stays(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    write = writer.write_files

    def write_and_change(*args: object, **more: object) -> object:
        if change == "content":
            source.write_text("CONTENT")
        else:
            source.unlink()
        if change == "replaced":
            source.write_text("content")
        return write(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "write_files", write_and_change)
    [outcome] = take(library, Mode.MOVE, source)
    assert outcome.status == "added"
    assert outcome.error
    assert source.exists() == (change != "gone")


def test_a_source_stays_when_the_copy_in_the_store_rots(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read again right before the source goes."""
    write = writer.write_files

    def write_and_spoil(session: Any, files: Any, *args: Any, **more: Any) -> object:
        spoil(library, files[0][0].digests.sha256, b"\0" * len("content"))
        return write(session, files, *args, **more)

    monkeypatch.setattr(writer, "write_files", write_and_spoil)
    [outcome] = take(library, Mode.MOVE, source)
    assert "was not removed: the blob has a content that does not match" in (outcome.error or "")
    assert source.exists()


def test_a_commit_that_fails_keeps_the_sources(library: Library, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise StoreError("no")

    for owner, name in ((writer, "write_files"), (type(library.store), "publish")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(StoreError):
                take(library, Mode.MOVE, source)
        assert source.read_text() == "content"
        assert staged(library) == []


def test_a_source_goes_only_after_the_commit(library: Library, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = finish._remove_source

    def look_and_remove(*file: Any) -> str | None:
        with library.read() as session:
            assert len(session.scalars(ecs.entities_with(FileLocationComponent)).all()) == 1
        return remove(*file)

    monkeypatch.setattr(finish, "_remove_source", look_and_remove)
    assert take(library, Mode.MOVE, source)[0].error is None
    assert not source.exists()


def test_a_path_that_is_named_twice_is_moved_once_by_two_batches(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_BATCH_FILES", 1)
    with open_pool(1) as pool:  # both are read before the first is written
        outcomes = take(library, Mode.MOVE, source, source, pool=pool)
    assert [(outcome.status.value, outcome.error) for outcome in outcomes] == [("added", None), ("unchanged", None)]
    assert not source.exists()


def test_referenced_content_comes_into_the_store_from_anywhere(library: Library, source: Path) -> None:
    take(library, Mode.REFERENCE, source)
    assert storage_types(library) == ["reference"]
    (source.parent / "copy").write_text("content")
    [outcome] = ingest_all(library, source.parent / "copy")
    assert (outcome.status, outcome.entity_id) == ("linked", 1)
    assert storage_types(library) == ["reference", library.store.storage_type]
    source.unlink()
    assert list(verify(library, content=True)) == [IntactAsset(1, len("content"), is_read=True)]


def test_an_orphan_of_referenced_content_is_adopted(library: Library, source: Path) -> None:
    """What a killed run published belongs to nobody; the content is then referenced, and then moved."""
    [outcome] = take(library, Mode.REFERENCE, source)
    blob = library.store.stage()
    blob.write(b"content")
    library.store.publish({outcome.sha256 or "": blob})
    take(library, Mode.MOVE, source)
    assert storage_types(library) == ["reference", library.store.storage_type]


def test_stored_content_is_not_referenced_as_well(library: Library, source: Path) -> None:
    ingest_all(library, source)
    (source.parent / "b").write_text("content")
    assert statuses(take(library, Mode.REFERENCE, source, source.parent / "b")) == ["unchanged", "linked"]
    assert storage_types(library) == [library.store.storage_type]


@system(kinds={Kind.IMAGE}, produces=DimensionsComponent, version=7)
def image_dimensions(sample: Sample) -> DimensionsComponent:
    return DimensionsComponent(width=sample.image.width + 1, height=0)


def test_systems_read_a_reference_where_it_is(library: Library, make_image: MakeImage, use_systems: UseSystems) -> None:
    ours = all_systems()
    use_systems()
    photo, other = make_image("a.png", size=(30, 20)), make_image("b.png", seed=2)
    take(library, Mode.REFERENCE, photo, other)
    other.write_bytes(b"changed")
    use_systems(*ours)
    first, second = run_systems(library)
    assert (first.error, len(first.ran)) == (None, len(systems_for(Kind.IMAGE)))
    assert second.ran == ()
    assert "add the file again" in (second.error or "")

    photo = photo.rename(photo.with_name("c.png"))
    use_systems(image_dimensions)
    assert [update.error is None for update in run_systems(library)] == [False, False]
    take(library, Mode.REFERENCE, photo)
    with library.read() as session:
        found = ecs.get_component(session, 1, DimensionsComponent)
    assert found
    assert found.width == 31


def test_a_referenced_file_that_waits_for_an_extra_comes_into_the_store(
    library: Library, source: Path, use_systems: UseSystems
) -> None:
    @system(
        kinds={Kind.DOCUMENT},
        produces=DimensionsComponent,
        version=1,
        obstacle=lambda _: Obstacle("it needs an extra", "an extra"),
    )
    def waiting(_: Sample) -> None:
        raise AssertionError

    use_systems(waiting)
    take(library, Mode.REFERENCE, source)
    assert statuses(take(library, Mode.REFERENCE, source)) == ["unchanged"]
    take(library, Mode.COPY, source)
    assert library.store.storage_type in storage_types(library)
