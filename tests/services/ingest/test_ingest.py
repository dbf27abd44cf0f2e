import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from PIL import Image, TiffImagePlugin
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dam.core.errors import DeadlockError, DecodeError, UsageError
from dam.media.files.source import chunks
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models import (
    DescriptionComponent,
    DimensionsComponent,
    DocumentComponent,
    FilePropertiesComponent,
    GpsComponent,
    ImagePerceptualHashPhashComponent,
    SourcePathComponent,
    SystemFailureComponent,
    TagComponent,
)
from dam.services.components import ecs
from dam.services.ingest import skip, staging, writer
from dam.services.ingest.batch import MAX_BATCH_FILES
from dam.services.ingest.ingest import Outcome, Status, Unchanged, ingest
from dam.services.library import Library
from dam.services.sources import recorded_files
from dam.services.sources.recorded_files import RecordedFiles, recorded_among
from dam.storage.blob_store import BlobStore
from dam.systems.system import system
from tests.services.conftest import MakeImage, UseSystems, another, ingest_all, spoil, staged, statuses

SMALL_BATCH = 64


def entity_count(library: Library) -> int:
    with library.read() as session:
        return len(session.scalars(ecs.entities_with()).all())


def sources(library: Library, entity_id: int | None) -> list[str]:
    assert entity_id
    with library.read() as session:
        return [source.filename for source in ecs.get_components(session, entity_id, SourcePathComponent)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_new_files_and_the_same_again(each_library: Library, folder: Path, make_image: MakeImage) -> None:
    make_image("in/photo.png")
    (folder / "note.txt").write_text("note")
    (folder / "empty").touch()

    empty, note, photo = ingest_all(each_library, folder)
    assert statuses([empty, note, photo]) == ["added"] * 3
    assert [outcome.media_type for outcome in (empty, note, photo)] == [
        "application/x-empty",
        "text/plain",
        "image/png",
    ]
    assert (note.sha256, note.md5) == (hashlib.sha256(b"note").hexdigest(), hashlib.md5(b"note").hexdigest())
    assert (photo.size, photo.kind, photo.error) == ((folder / "photo.png").stat().st_size, Kind.IMAGE, None)

    again = ingest_all(each_library, folder)
    assert statuses(again) == ["unchanged"] * 3
    assert [outcome.entity_id for outcome in again] == [outcome.entity_id for outcome in (empty, note, photo)]
    assert [outcome.md5 for outcome in again] == [outcome.md5 for outcome in (empty, note, photo)]


def test_more_files_than_a_batch(library: Library, folder: Path) -> None:
    for number in range(MAX_BATCH_FILES + 3):
        (folder / f"{number:04}").write_text(str(number))
    outcomes = ingest_all(library, folder)
    assert statuses(outcomes) == ["added"] * (MAX_BATCH_FILES + 3)
    assert [outcome.path for outcome in outcomes] == sorted(str(path) for path in folder.iterdir())
    assert entity_count(library) == MAX_BATCH_FILES + 3


def test_duplicates_in_one_batch_are_one_entity(library: Library, folder: Path) -> None:
    for name in ("a", "b", "c"):
        (folder / name).write_text("same")
    first, second, third = ingest_all(library, folder)
    assert statuses([first, second, third]) == ["added", "linked", "linked"]
    assert first.entity_id == second.entity_id == third.entity_id
    assert sources(library, first.entity_id) == ["a", "b", "c"]


def test_the_same_path_twice_in_one_run(library: Library, folder: Path) -> None:
    (folder / "a").write_text("a")
    outcomes = ingest_all(library, folder, folder / "a", f"{folder}/./a")
    assert statuses(outcomes) == ["added", "unchanged", "unchanged"]
    assert sources(library, outcomes[0].entity_id) == ["a"]


def test_a_changed_file_at_a_known_path_is_another_asset(library: Library, folder: Path) -> None:
    (folder / "a").write_text("before")
    [before] = ingest_all(library, folder)
    (folder / "a").write_text("and after")
    [after] = ingest_all(library, folder)
    assert after.status is Status.ADDED
    assert after.entity_id != before.entity_id
    assert statuses(ingest_all(library, folder)) == ["unchanged"]


def test_a_file_that_was_changed_back(library: Library, folder: Path) -> None:
    (folder / "a").write_text("before")
    [before] = ingest_all(library, folder)
    (folder / "a").write_text("and after")
    ingest_all(library, folder)
    (folder / "a").write_text("before")
    [back] = ingest_all(library, folder)
    assert (back.status, back.entity_id) == (Status.UNCHANGED, before.entity_id)
    assert statuses(ingest_all(library, folder)) == ["unchanged"]


def test_a_known_file_at_a_new_path_is_linked(library: Library, folder: Path) -> None:
    (folder / "a").write_text("a")
    [first] = ingest_all(library, folder)
    (folder / "a").rename(folder / "b")
    [again] = ingest_all(library, folder)
    assert (again.status, again.entity_id) == (Status.LINKED, first.entity_id)
    assert sources(library, first.entity_id) == ["a", "b"]


@pytest.mark.usefixtures("later")
def test_a_touched_file_is_unchanged_and_not_read_the_next_time(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a").write_text("a")
    ingest_all(library, folder)
    os.utime(folder / "a", (1, 1))
    assert statuses(ingest_all(library, folder)) == ["unchanged"]
    monkeypatch.setattr("dam.services.ingest.examine.stage", lambda *_: pytest.fail("was read"))
    assert statuses(ingest_all(library, folder)) == ["unchanged"]


def test_tags_go_on_every_file_also_on_what_is_unchanged(library: Library, folder: Path) -> None:
    (folder / "a").write_text("a")
    ingest_all(library, folder, tags=["x"])
    (folder / "b").write_text("b")
    for outcome in ingest_all(library, folder, tags=["x", "y"]):
        assert outcome.entity_id
        with library.read() as session:
            tags = ecs.get_components(session, outcome.entity_id, TagComponent)
            assert [tag.tag for tag in tags] == ["x", "y"]


@pytest.mark.parametrize("large", [False, True])
def test_content_that_the_store_lost_is_stored_again(
    library: Library,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    large: bool,  # noqa: FBT001
) -> None:
    if large:
        monkeypatch.setattr(staging, "MAX_IN_MEMORY_BYTES", 0)
    (folder / "a").write_text("a")
    [first] = ingest_all(library, folder)
    assert first.sha256
    spoil(library, first.sha256)
    (folder / "b").write_text("a")
    *_, again = ingest_all(library, folder)
    assert (again.status, again.entity_id) == (Status.LINKED, first.entity_id)
    with library.store.open(first.sha256) as blob:
        assert blob.read() == b"a"
    assert staged(library) == []


def test_large_files_stream_into_the_store(
    library: Library, folder: Path, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_IN_MEMORY_BYTES", 100)
    make_image("in/photo.png", size=(30, 20))
    make_image("in/same.png", size=(30, 20))
    outcomes = ingest_all(library, folder)
    assert statuses(outcomes) == ["added", "linked"]
    with library.read() as session:
        [size] = ecs.get_components(session, outcomes[0].entity_id or 0, DimensionsComponent)
    assert (size.width, size.height) == (30, 20)
    assert staged(library) == []


def failures(library: Library, outcome: Outcome) -> dict[str, str]:
    with library.read() as session:
        found = ecs.get_components(session, outcome.entity_id or 0, SystemFailureComponent)
        return {failure.system: failure.reason for failure in found}


IMAGE_SYSTEMS = {"image_ahash", "image_dhash", "image_dimensions", "image_luma", "image_phash"}


def test_a_truncated_image_is_stored_and_its_failures_recorded(
    each_library: Library, folder: Path, make_image: MakeImage
) -> None:
    whole = make_image("whole.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    [outcome] = ingest_all(each_library, folder)
    assert outcome.status is Status.ADDED
    assert "cannot be decoded as image/png" in (outcome.error or "")
    assert failures(each_library, outcome).keys() == IMAGE_SYSTEMS
    assert statuses(ingest_all(each_library, folder)) == ["unchanged"]


def test_a_bomb_is_stored_and_not_decoded(library: Library, folder: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    [outcome] = ingest_all(library, folder)
    assert outcome.status is Status.ADDED
    assert "pixels" in (outcome.error or "")
    assert failures(library, outcome).keys() == IMAGE_SYSTEMS


def test_an_image_without_a_luma_plane_has_its_dimensions(library: Library, folder: Path) -> None:
    Image.new("LAB", (30, 20)).save(folder / "lab.tiff")
    [outcome] = ingest_all(library, folder)
    assert outcome.status is Status.ADDED
    assert failures(library, outcome).keys() == IMAGE_SYSTEMS - {"image_dimensions"}


def test_any_reason_can_be_recorded(each_library: Library, folder: Path, use_systems: UseSystems) -> None:
    @system(kinds={Kind.OTHER}, produces=DimensionsComponent, version=1)
    def picky(_sample: Sample) -> DimensionsComponent:
        raise DecodeError("bad \0 and \ud800")

    use_systems(picky)
    (folder / "a").write_bytes(b"\0\1\2")
    [outcome] = ingest_all(each_library, folder)
    assert failures(each_library, outcome) == {"picky": r"bad \x00 and \ud800"}


def hostile_text(_sample: Sample) -> DescriptionComponent:
    return DescriptionComponent(
        title="\ud800 and \0", description=None, artist="Zoë", copyright=None, rating=None, keywords=["\0", "\ud800"]
    )


def hostile_integer(_sample: Sample) -> DimensionsComponent:
    return DimensionsComponent(width=2**31, height=1)


def hostile_float(_sample: Sample) -> GpsComponent:
    return GpsComponent(latitude=float("nan"), longitude=0.0, altitude=None)


def hostile_time(_sample: Sample) -> DocumentComponent:
    created = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    return DocumentComponent(
        pages=1, title=None, author=None, subject=None, created=created, modified=None, encrypted=False, has_text=False
    )


@pytest.mark.parametrize(
    ("derive", "table", "error"),
    [
        (hostile_text, DescriptionComponent, None),
        (hostile_integer, DimensionsComponent, "its width is out of range: 2147483648"),
        (hostile_float, GpsComponent, "its latitude is out of range: nan"),
        (hostile_time, DocumentComponent, "its created is out of range: 0001-01-01 00:00:00+14:00"),
    ],
    ids=["text", "integer", "float", "time"],
)
def test_a_value_that_no_database_holds_stops_nothing(
    each_library: Library, folder: Path, use_systems: UseSystems, derive: Any, table: Any, error: str | None
) -> None:
    use_systems(system(kinds={Kind.OTHER}, produces=table, version=1)(derive))
    (folder / "a").write_bytes(b"\0\1\2")
    (folder / "b").write_text("sound")
    outcomes = ingest_all(each_library, folder)
    assert [(outcome.status, outcome.error) for outcome in outcomes] == [("added", error), ("added", None)]


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.txt", b"new\nline", b"\x1b[31m", b"-rf", b"x" * 255, "\u202e.txt".encode()]
)
def test_any_name_comes_in(each_library: Library, folder: Path, name: bytes) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_text("a")
    [outcome] = ingest_all(each_library, folder)
    assert outcome.status is Status.ADDED
    with each_library.read() as session:
        [source] = ecs.get_components(session, outcome.entity_id or 0, SourcePathComponent)
        assert source.path == os.fsencode(folder) + b"/" + name
    assert statuses(ingest_all(each_library, folder)) == ["unchanged"]


def test_metadata_with_nul_and_surrogates(each_library: Library, folder: Path, make_image: MakeImage) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270] = "des\0cription"
    make_image("in/a.tiff", tiffinfo=tags)
    assert statuses(ingest_all(each_library, folder)) == ["added"]


def test_files_that_cannot_be_read_do_not_stop_the_rest(library: Library, folder: Path) -> None:
    (folder / "good").write_text("a")
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("nowhere")
    outcomes = ingest_all(library, "", "a\0b", folder / "missing", folder / "pipe", folder / ("x" * 300), folder)
    assert statuses(outcomes) == ["failed"] * 5 + ["added", "skipped", "skipped"]
    assert all(outcome.error for outcome in outcomes if outcome.status is not Status.ADDED)


def test_a_file_that_vanishes_before_it_is_read(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (folder / name).write_text(name)

    def stage_late(path: str, *more: Any) -> Any:
        if path.endswith("a"):
            (folder / "a").unlink()
        return staging.stage(path, *more)

    monkeypatch.setattr("dam.services.ingest.examine.stage", stage_late)
    gone, there = ingest_all(library, folder)
    assert (gone.status, gone.error) == (Status.FAILED, "No such file or directory")
    assert there.status is Status.ADDED


@pytest.mark.parametrize("large", [False, True])
def test_a_file_that_changes_while_it_is_read_is_not_taken(
    library: Library,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    large: bool,  # noqa: FBT001
) -> None:
    if large:
        monkeypatch.setattr(staging, "MAX_IN_MEMORY_BYTES", 0)
    (folder / "a").write_text("before")

    def change_then_read(file: BinaryIO, *at_once: int) -> Iterator[bytes]:
        for chunk in chunks(file, *at_once):
            (folder / "a").write_text("longer than before")
            yield chunk

    monkeypatch.setattr(staging, "chunks", change_then_read)
    [outcome] = ingest_all(library, folder)
    assert outcome.status is Status.FAILED
    assert "changed while it was read" in (outcome.error or "")
    assert staged(library) == []
    assert list(library.store.keys()) == []


def test_closed_early_nothing_stays_staged_and_what_was_reported_is_there(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dam.services.ingest.batch.MAX_BATCH_FILES", SMALL_BATCH)
    monkeypatch.setattr(
        "dam.services.ingest.batch.MAX_BATCH_SECONDS", 3600
    )  # a batch is full by its number, however slow
    for number in range(SMALL_BATCH + 10):
        (folder / f"{number:04}").write_text(str(number))
    outcomes = ingest(library, [str(folder)])
    first = next(outcomes)
    outcomes.close()
    assert isinstance(first, Outcome)
    assert staged(library) == []
    assert sources(library, first.entity_id) == ["0000"]
    assert statuses(ingest_all(library, folder))[:SMALL_BATCH].count("unchanged") == entity_count(library) - 10


def test_an_error_in_a_batch_leaves_nothing_staged(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (folder / name).write_text(name)

    def interrupt(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(library.store), "publish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ingest_all(library, folder)
    assert staged(library) == []
    assert entity_count(library) == 0


@pytest.mark.parametrize("error", [IntegrityError("", {}, Exception()), DeadlockError("")], ids=["twin", "deadlock"])
def test_a_race_with_another_process_is_tried_again(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (folder / "a").write_text("a")
    errors = [error, error]
    write = writer.write_files

    def write_after_losing(session: Session, *args: object, **more: object) -> object:
        done = write(session, *args, **more)  # type: ignore[arg-type]
        if errors:
            raise errors.pop()
        return done

    monkeypatch.setattr(writer, "write_files", write_after_losing)
    assert statuses(ingest_all(library, folder)) == ["added"]
    assert entity_count(library) == 1


def test_the_other_process_was_quicker(
    each_library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, make_image: MakeImage
) -> None:
    """Another run takes the same files after this one has read them and before it writes."""
    make_image("in/photo.png")
    kind = type(each_library.store)
    publish = kind.publish

    def lose(self: BlobStore, blobs: object) -> None:
        monkeypatch.setattr(kind, "publish", publish)
        other = replace(each_library, store=another(each_library.store))
        assert statuses(ingest_all(other, folder)) == ["added"]
        other.store.close()
        publish(self, blobs)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "publish", lose)
    assert statuses(ingest_all(each_library, folder)) == ["unchanged"]
    assert entity_count(each_library) == 1
    with each_library.read() as session:
        [entity_id] = session.scalars(ecs.entities_with(ImagePerceptualHashPhashComponent))
        assert len(ecs.get_components(session, entity_id, FilePropertiesComponent)) == 1


@pytest.mark.local_store
def test_the_library_is_never_ingested_into_itself(library: Library, folder: Path) -> None:
    (folder / "a").write_text("a")
    ingest_all(library, folder)
    inside = next(iter(library.store.keys()))
    assert library.store.root
    for path in (library.store.root, library.store.path(inside), f"{folder}/../library/store/tmp"):
        with pytest.raises(UsageError, match="store of the library"):
            ingest_all(library, str(path))
    (folder / "link").symlink_to(library.store.root)
    with pytest.raises(UsageError, match="store of the library"):
        ingest_all(library, folder / "link")
    parent = library.store.root.parent
    assert [outcome.path for outcome in ingest_all(library, parent)] == []


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_folder_that_is_called_as_the_database_comes_in(
    each_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = each_library.engine.url.database
    assert name
    (tmp_path / name).mkdir()
    (tmp_path / name / "a").write_text("a")
    assert statuses(ingest_all(each_library, ".")) == ["added"]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("max_rows", [2, 100])
def test_a_rescan_of_a_large_folder_and_of_a_small_one(
    each_library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch, max_rows: int
) -> None:
    """The rows of a folder are held in memory only where they are few: the outcomes are the same."""
    monkeypatch.setattr(recorded_files, "MAX_ROWS", max_rows)
    for name in "abcd":
        (folder / name).write_text(name)
    ingest_all(each_library, folder)
    (folder / "b").write_text("changed")
    (folder / "c").rename(folder / "away")
    ingest_all(each_library, folder / "c")  # fails, and is in doubt from then on
    (folder / "away").rename(folder / "c")
    (folder / "new").write_text("new")
    items = list(ingest(each_library, [str(folder)]))
    told = [item.count if isinstance(item, Unchanged) else (Path(item.path).name, item.status.value) for item in items]
    assert told == [1, ("b", "added"), ("c", "unchanged"), 1, ("new", "added")]


@pytest.mark.usefixtures("later")
def test_a_list_of_files_is_looked_up_at_once(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (folder / name).write_text(name)
    ingest_all(library, folder)
    asked: list[list[str]] = []

    def noting(connection: Connection, paths: Iterable[str], todays: tuple[str, ...]) -> RecordedFiles:
        some = list(paths)
        asked.append([Path(path).name for path in some])
        return recorded_among(connection, some, todays)

    monkeypatch.setattr(skip, "recorded_among", noting)
    [found] = ingest(library, [[str(folder / name) for name in "cab"]])
    assert isinstance(found, Unchanged)
    assert [(Path(path).name, size) for path, _, size in found.files] == [("c", 1), ("a", 1), ("b", 1)]
    assert asked == [["c", "a", "b"]]
