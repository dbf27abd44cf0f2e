"""The stages of an ingest, each alone, and what they do for a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from dam.core.errors import StoreError
from dam.media.files.selection import EVERYTHING
from dam.services.ingest import batch as batches
from dam.services.ingest import examine as examining
from dam.services.ingest import sidecars, writer
from dam.services.ingest.discover import discover
from dam.services.ingest.examine import Examined, ExamineRequest
from dam.services.ingest.ingest import Options, Outcome, Unchanged, ingest
from dam.services.ingest.resolve import analyse_due, resolve
from dam.services.ingest.skip import skip
from dam.services.ingest.staging import stage
from dam.services.library import Library
from dam.services.processes.limits import Limits
from dam.services.processes.pool import Pool
from dam.storage.blob_store import BlobStore
from dam.systems.system import all_systems
from tests.media.described import keywords_xmp
from tests.services.conftest import MakeImage, UseSystems, ingest_all, staged, statuses


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def write_files(folder: Path, count: int, prefix: str = "") -> list[Path]:
    paths = [folder / f"{prefix}{number:03}" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(f"content {number}")
    return paths


def statements(library: Library, work: Callable[[], object]) -> int:
    count = 0

    def note(*_args: object) -> None:
        nonlocal count
        count += 1

    event.listen(library.engine, "before_cursor_execute", note)
    work()
    event.remove(library.engine, "before_cursor_execute", note)
    return count


def test_known_files_under_new_names_are_looked_up_together(library: Library, folder: Path) -> None:
    write_files(folder, 100)
    ingest_all(library, folder)
    for path in sorted(folder.iterdir()):
        path.rename(folder / f"renamed {path.name}")
    outcomes: list[Any] = []
    assert statements(library, lambda: outcomes.extend(ingest_all(library, folder))) < 40
    assert statuses(outcomes) == ["linked"] * 100


def outdated_jobs(library: Library, folder: Path, use_systems: UseSystems) -> list[Any]:
    ours = all_systems()
    use_systems()
    ingest_all(library, folder)
    use_systems(*ours)
    return list(skip(library, discover(library, [str(folder)], EVERYTHING), Options()))


@pytest.mark.usefixtures("later")
def test_outdated_files_are_jobs_that_say_what_has_run(
    library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    photo = make_image("in/a.png")
    [job] = outdated_jobs(library, photo.parent, use_systems)
    assert (job.path, job.seen) == (str(photo), frozenset())
    assert job.run().analysis
    photo.write_bytes(make_image("b.png", seed=2).read_bytes())
    assert job.run().file.blob  # other content by now: nothing is known of it


@pytest.mark.usefixtures("later")
def test_outdated_files_are_read_once(
    library: Library, make_image: MakeImage, use_systems: UseSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_image("in/a.png").parent
    make_image("in/b.png", seed=2)
    outdated_jobs(library, folder, use_systems)
    read: list[str] = []

    def noting(path: str, *more: Any) -> Any:
        read.append(Path(path).name)
        return stage(path, *more)

    monkeypatch.setattr(examining, "stage", noting)
    assert statuses(ingest_all(library, folder)) == ["unchanged", "unchanged"]
    assert read == ["a.png", "b.png"]
    [rest] = ingest(library, [str(folder)])
    assert isinstance(rest, Unchanged)


def test_what_is_due_is_asked_for_at_once(library: Library, make_image: MakeImage, use_systems: UseSystems) -> None:
    paths = [make_image("in/a.png"), make_image("in/b.png", seed=2)]
    outdated_jobs(library, paths[0].parent, use_systems)
    renamed = [path.rename(path.with_name(f"new {path.name}")) for path in paths]
    examined = [ExamineRequest(str(path), path.stat().st_size, store=library.store).run() for path in renamed]
    with library.read() as session:
        resolved = resolve(session, library.store.storage_type, examined)
    asked: list[list[ExamineRequest]] = []

    def examine_all(jobs: list[ExamineRequest]) -> list[Examined]:
        asked.append(jobs)
        return [job.run() for job in jobs]

    assert all(each.analysis for each in analyse_due(resolved, library.store, examine_all))
    assert [[job.path for job in jobs] for jobs in asked] == [[str(path) for path in renamed]]


def test_a_changed_sidecar_is_written_with_its_batch_or_not_at_all(
    library: Library, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = make_image("in/a.png")
    ingest_all(library, picture.parent)
    picture.with_name("a.xmp").write_bytes(keywords_xmp("sea"))
    write = writer.write_files

    def fail(session: Session, *args: Any, **more: Any) -> None:
        write(session, *args, **more)
        raise StoreError("no")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_files", fail)
        with pytest.raises(StoreError):
            ingest_all(library, picture.parent)
    with library.read() as session:
        assert not sidecars.any_sidecar(session)
    ingest_all(library, picture.parent)
    with library.read() as session:
        assert sidecars.any_sidecar(session)


@pytest.fixture
def pool() -> Any:
    pool = Pool(1, Limits(60, 4096 * 1024 * 1024))
    yield pool
    pool.close()


def test_closed_early_what_is_published_has_its_rows(
    library: Library, folder: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread publishes the second batch while the outcomes of the first are read."""
    monkeypatch.setattr(batches, "MAX_BATCH_SECONDS", 3600)  # a batch is full by its number, however slow
    monkeypatch.setattr(batches, "MAX_BATCH_FILES", 4)
    write_files(folder, 12)
    outcomes = ingest(library, [str(folder)], pool=pool)
    next(outcomes)
    outcomes.close()
    pool.close()
    library.store.close()
    assert staged(library) == []
    blobs = set(library.store.keys())
    with library.read() as session:
        assert writer.entities_by_sha256(session, blobs).keys() == blobs


def test_an_error_of_the_thread_ends_the_run(
    library: Library, folder: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_BATCH_SECONDS", 3600)  # a batch is full by its number, however slow
    monkeypatch.setattr(batches, "MAX_BATCH_FILES", 4)
    write_files(folder, 12)
    kind = type(library.store)
    publish = kind.publish
    calls = 0

    def fail_second(self: BlobStore, blobs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreError("the disk is full")
        publish(self, blobs)

    monkeypatch.setattr(kind, "publish", fail_second)
    reported: list[Outcome | Unchanged] = []
    with pytest.raises(StoreError, match="disk is full"):
        reported.extend(ingest(library, [str(folder)], pool=pool))
    blobs = set(library.store.keys())
    with library.read() as session:
        assert len(writer.entities_by_sha256(session, blobs)) == len(blobs) == 4
