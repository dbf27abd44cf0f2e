"""States of source files: what is read again, and what need not be."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dam.media.files.source import TICK_NS, FileState
from dam.models import FilePropertiesComponent, SourcePathComponent
from dam.models.source_path_component import UNSETTLED
from dam.services.ingest import examine, staging
from dam.services.ingest.ingest import Options, ingest
from dam.services.library import Library
from dam.services.verify.findings import IntactAsset
from dam.services.verify.verify import verify
from dam.storage.modes import Mode
from tests.services.conftest import ingest_all, staged, statuses

DAY_NS = 86_400_000_000_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []
    stage = staging.stage

    def noting(path: str, *more: Any) -> Any:
        names.append(Path(path).name)
        return stage(path, *more)

    monkeypatch.setattr(examine, "stage", noting)
    return names


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a").write_text("before")
    return tmp_path / "in/a"


def recorded_ctime(library: Library) -> int | None:
    with library.read() as session:
        found: int | None = session.scalars(select(SourcePathComponent.ctime_ns)).one()
    return found


def test_a_file_that_was_just_written_is_read_once_more_and_then_never(
    each_library: Library, source: Path, read: list[str], request: pytest.FixtureRequest
) -> None:
    ingest_all(each_library, source.parent)
    assert recorded_ctime(each_library) == UNSETTLED
    request.getfixturevalue("later")
    for _ in range(3):
        assert statuses(ingest_all(each_library, source.parent)) in (["added"], ["unchanged"])
    assert read == ["a", "a"]
    assert recorded_ctime(each_library) == source.stat().st_ctime_ns


@pytest.mark.parametrize(
    ("age_ns", "is_settled"),
    [(TICK_NS + 1, True), (TICK_NS, False), (0, False), (-DAY_NS, False)],
    ids=["older", "a tick", "now", "after the clock was set back"],
)
def test_a_state_is_trusted_after_a_tick(
    library: Library, source: Path, monkeypatch: pytest.MonkeyPatch, age_ns: int, *, is_settled: bool
) -> None:
    monkeypatch.setattr(staging, "time_ns", lambda: source.stat().st_ctime_ns + age_ns)
    ingest_all(library, source)
    assert (recorded_ctime(library) != UNSETTLED) == is_settled


def test_a_file_time_in_the_future_is_not_trusted() -> None:
    now = 100 * DAY_NS
    assert FileState(1, now - DAY_NS, now - DAY_NS, 1).is_settled(now)
    assert not FileState(1, now + DAY_NS, now - DAY_NS, 1).is_settled(now)


def set_back(path: Path, change: Callable[[], object]) -> None:
    """Change a file, and give it its old modification time."""
    before = path.stat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    path.unlink()  # most file systems give the inode away again
    path.write_text("AFTER!")


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("how", ["in place", "another file, perhaps with the same inode"])
def test_a_time_that_was_set_back_hides_no_change(library: Library, source: Path, how: str) -> None:
    [before] = ingest_all(library, source.parent)
    set_back(source, (lambda: source.write_text("AFTER!")) if how == "in place" else (lambda: replace(source)))
    [after] = ingest_all(library, source.parent)
    assert (after.status, after.size, after.replaces) == ("added", len("AFTER!"), before.entity_id)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.chmod(0o600),
        lambda path: os.link(path, path.parent.parent / "link"),
        lambda path: path.rename(path.parent / "b").rename(path),
    ],
    ids=["mode", "hard link", "renamed and back"],
)
def test_what_changes_the_change_time_alone_is_read_once(
    library: Library, source: Path, read: list[str], change: Callable[[Path], object]
) -> None:
    ingest_all(library, source.parent)
    change(source)
    for _ in range(2):
        assert statuses(ingest_all(library, source.parent)) == ["unchanged"]
    assert read == ["a", "a"]


@pytest.mark.usefixtures("later")
def test_a_record_from_before_change_times_were_kept_is_trusted_as_it_was(
    each_library: Library, source: Path, read: list[str]
) -> None:
    ingest_all(each_library, source.parent)
    with each_library.write() as session:
        session.execute(update(SourcePathComponent).values(ctime_ns=None))
    source.chmod(0o600)
    assert statuses(ingest_all(each_library, source.parent)) == ["unchanged"]
    assert read == ["a"]
    os.utime(source, ns=(1, 1))
    ingest_all(each_library, source.parent)
    assert read == ["a", "a"]
    assert recorded_ctime(each_library) == source.stat().st_ctime_ns


@pytest.mark.local_store
@pytest.mark.usefixtures("later")
def test_a_hard_linked_file_is_not_read_for_ever(library: Library, source: Path, read: list[str]) -> None:
    """A link sets the change time, also one that is discarded."""
    for _ in range(4):
        for _ in ingest(library, [str(source.parent)], (), Options(mode=Mode.HARDLINK)):
            pass
    assert read == ["a", "a"]


@pytest.fixture
def shm(tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system that holds any time, where there is one."""
    folder = Path("/dev/shm") / tmp_path.name if os.path.isdir("/dev/shm") else tmp_path / "in"
    folder.mkdir()
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("year", [-10_000, 1500, 1969, 2400, 100_000])
def test_a_time_that_the_database_does_not_hold_stops_nothing(each_library: Library, shm: Path, year: int) -> None:
    (shm / "odd").write_text("odd")
    (shm / "usual").write_text("usual")
    os.utime(shm / "odd", ((year - 1970) * 31_556_952,) * 2)
    for expected in ("added", "unchanged", "unchanged"):
        assert statuses(ingest_all(each_library, shm)) == [expected] * 2
    (shm / "odd").write_text("new")
    assert statuses(ingest_all(each_library, shm)) == ["added", "unchanged"]


def test_the_size_is_that_of_what_was_read(library: Library) -> None:
    """Files of procfs have the size 0."""
    paths = [path for path in ("/proc/version", "/proc/cpuinfo", "/proc/kallsyms") if os.access(path, os.R_OK)]
    if not paths:
        pytest.skip("no procfs here")
    for _ in range(2):
        outcomes = ingest_all(library, *paths)
    with library.read() as session:
        sizes = list(session.scalars(select(FilePropertiesComponent.file_size_bytes)))
    assert (
        sizes == [outcome.size for outcome in outcomes] == [library.store.size(each.sha256 or "") for each in outcomes]
    )
    assert all(sizes)
    assert all(isinstance(found, IntactAsset) for found in verify(library, content=True))


def test_a_file_without_an_end_fails_alone(library: Library, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.access("/proc/self/pagemap", os.R_OK):
        pytest.skip("no procfs here")
    monkeypatch.setattr(staging, "MAX_UNTOLD_BYTES", 1_000_000)
    [endless, failing, small] = ingest_all(library, "/proc/self/pagemap", "/proc/self/mem", source)
    assert (endless.status, endless.error) == ("failed", "says that it has 0 bytes, and has more than 1,000,000")
    assert (failing.status, failing.error) == ("failed", "Input/output error")
    assert small.status == "added"
    assert staged(library) == []


@pytest.mark.local_store
def test_a_sparse_file_that_is_too_large_fails_alone(library: Library, source: Path) -> None:
    with (source.parent / "sparse").open("wb") as file:
        file.truncate(10 * 2**40)
    small, sparse = ingest_all(library, source.parent)
    assert small.status == "added"
    assert (sparse.status, (sparse.error or "").split(":")[0]) == ("failed", "is too large for the store")


@pytest.mark.local_store
def test_what_the_store_has_needs_no_room(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_IN_MEMORY_BYTES", 1000)
    for name in ("known", "again", "other"):
        (tmp_path / name).write_bytes((b"other" if name == "other" else b"known") * 1000)
    ingest_all(library, tmp_path / "known")
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    again, other = ingest_all(library, tmp_path / "again", tmp_path / "other")
    assert (again.status, again.error) == ("linked", None)
    assert (other.status, (other.error or "").split(":")[0]) == ("failed", "is too large for the store")
