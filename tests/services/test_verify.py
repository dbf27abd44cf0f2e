"""Verification: every kind of damage, and none where there is none."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from dam.models import (
    ContentHashSha256Component,
    FileLocationComponent,
    FilePropertiesComponent,
)
from dam.services.ingest import writer
from dam.services.ingest.ingest import Options, ingest
from dam.services.library import Library
from dam.services.sources import places
from dam.services.verify import blobs as checked_blobs
from dam.services.verify import verify as module
from dam.services.verify.blobs import Checker
from dam.services.verify.checks import oldest_check
from dam.services.verify.findings import Finding, IntactAsset, Problem
from dam.services.verify.verify import UNLIMITED, Limits, bytes_within, verify
from dam.storage import quarantine
from dam.storage.blob_store import BlobStore
from dam.storage.flaw import OTHER_CONTENT, Flaw
from dam.storage.modes import Mode
from tests.services.conftest import ingest_all, spoil


@pytest.fixture
def blobs(each_library: Library, tmp_path: Path) -> list[str]:
    """The keys of the blobs of entities 1, 2, and 3."""
    keys = []
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name * 5)
        [outcome] = ingest_all(each_library, tmp_path / name)
        keys.append(outcome.sha256 or "")
    return keys


def findings(library: Library, *, content: bool = False) -> list[tuple[Problem, int | None, str | None]]:
    """What is wrong; and the rest is sound."""
    results = list(verify(library, content=content, threads=2))
    return [(found.problem, found.entity_id, found.name) for found in results if isinstance(found, Finding)]


@pytest.mark.parametrize("content", [False, True])
def test_a_sound_library(each_library: Library, blobs: list[str], content: bool) -> None:  # noqa: FBT001
    assert len(blobs) == 3
    assert list(verify(each_library, content=content)) == [IntactAsset(number, 5, content) for number in (1, 2, 3)]


def test_an_empty_library(each_library: Library) -> None:
    assert list(verify(each_library, content=True)) == []


def test_a_missing_blob(each_library: Library, blobs: list[str]) -> None:
    spoil(each_library, blobs[1])
    assert findings(each_library) == findings(each_library, content=True) == [(Problem.MISSING, 2, "b")]


def test_a_blob_of_another_size(each_library: Library, blobs: list[str]) -> None:
    spoil(each_library, blobs[0], b"")
    spoil(each_library, blobs[2], b"longer than before")
    assert findings(each_library) == [(Problem.ALTERED, 1, "a"), (Problem.ALTERED, 3, "c")]


def test_other_bytes_of_the_same_size_need_a_look_at_the_content(each_library: Library, blobs: list[str]) -> None:
    spoil(each_library, blobs[1], b"BBBBB")
    assert findings(each_library) == []
    assert findings(each_library, content=True) == [(Problem.ALTERED, 2, "b")]


@pytest.mark.local_store
def test_a_blob_that_cannot_be_read(each_library: Library, blobs: list[str]) -> None:
    folder = each_library.store.path(blobs[1])
    assert folder
    folder.unlink()
    folder.mkdir()
    spoil(each_library, blobs[0], b"")
    assert [found[1] for found in findings(each_library, content=True)] == [1, 2]


def test_a_blob_that_nobody_owns(each_library: Library, blobs: list[str]) -> None:
    other = each_library.store.stage()
    other.write(b"?")
    each_library.store.publish({"0" * 64: other})
    assert len(blobs) == 3
    each_library.store.close()  # the ingest is over
    [found] = [found for found in verify(each_library) if isinstance(found, Finding)]
    assert (found.problem, found.entity_id, found.sha256) == (Problem.ORPHANED, None, "0" * 64)


@pytest.mark.local_store
def test_what_is_no_blob_at_its_place_is_named(each_library: Library, blobs: list[str]) -> None:
    root = each_library.store.root
    assert root
    written = ("quarantine/" + blobs[0] + ".1", "tmp/x/y", "zz/zz/notes.txt", "ab/readme", "a.txt", "ab/cd/" + blobs[0])
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    found = [each for each in verify(each_library, content=True) if isinstance(each, Finding)]
    assert {(each.problem.value, str(Path(each.path or "").relative_to(root))) for each in found} == {
        ("quarantined", f"quarantine/{blobs[0]}.1"),
        ("junk", "zz"),
        ("junk", "ab/readme"),
        ("junk", "a.txt"),
        ("misplaced", f"ab/cd/{blobs[0]}"),
    }
    assert {each.problem for each in found if each.problem.is_damage} == {Problem.MISPLACED}


@pytest.mark.local_store
def test_what_is_in_the_place_of_a_blob(each_library: Library, blobs: list[str], tmp_path: Path) -> None:
    """It is named, never followed, and never waited for."""
    paths = [each_library.store.path(key) for key in blobs]
    assert all(paths)
    link, pipe, writable = [Path(path or "") for path in paths]
    link.rename(tmp_path / "moved")
    link.symlink_to(tmp_path / "moved")
    pipe.unlink()
    os.mkfifo(pipe)
    writable.chmod(0o644)
    for content in (False, True):
        results = list(verify(each_library, content=content, quarantine=content))
        found = {each.entity_id: each for each in results if isinstance(each, Finding)}
        assert {number: each.problem for number, each in found.items()} == {
            1: Problem.IRREGULAR,
            2: Problem.IRREGULAR,
            3: Problem.WRITABLE,
        }
        assert [each.entity_id for each in results if isinstance(each, IntactAsset)] == [3]
    assert found[2].quarantined
    assert Path(found[2].quarantined).is_fifo()
    assert (tmp_path / "moved").read_text() == "aaaaa"


@pytest.mark.local_store
def test_another_name_of_a_blob(library: Library, tmp_path: Path) -> None:
    """It is damage where it was not made on purpose."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    list(ingest(library, [str(tmp_path / "a")], options=Options(mode=Mode.HARDLINK)))
    [copied] = ingest_all(library, tmp_path / "b")
    assert findings(library, content=True) == []
    os.link(library.store.path(copied.sha256 or "") or "", tmp_path / "c")
    assert findings(library, content=True) == [(Problem.LINKED, 2, "b")]


@pytest.mark.local_store
def test_what_was_read_and_is_damaged_goes_to_the_quarantine(each_library: Library, blobs: list[str]) -> None:
    spoil(each_library, blobs[1], b"BBBBB")
    [found] = [each for each in verify(each_library, content=True, quarantine=True) if isinstance(each, Finding)]
    assert found.problem is Problem.ALTERED
    assert found.quarantined == str(each_library.store.root / "quarantine" / f"{blobs[1]}.1")  # type: ignore[operator]
    assert Path(found.quarantined).read_bytes() == b"BBBBB"
    assert set(findings(each_library)) == {(Problem.MISSING, 2, "b"), (Problem.QUARANTINED, None, None)}


@pytest.mark.local_store
def test_what_was_healed_since_it_was_read_stays(
    each_library: Library, blobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest puts the sound blob in its place between the second look and the move."""
    spoil(each_library, blobs[1], b"BBBBB")
    move = quarantine.set_aside

    def heal_and_move(root: Path, path: Path) -> Path:
        spoil(each_library, blobs[1], b"bbbbb")
        return move(root, path)

    monkeypatch.setattr(checked_blobs, "set_aside", heal_and_move)
    list(verify(each_library, content=True, quarantine=True))
    assert findings(each_library, content=True) == []


def test_a_read_error_is_no_damage(each_library: Library, blobs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(checked_blobs, "SMALL_BYTES", 0)
    monkeypatch.setattr(checked_blobs, "sha256_of", fail)
    assert {found[0] for found in findings(each_library, content=True)} == {Problem.UNREADABLE}
    assert len(blobs) == 3
    assert not (each_library.store.root and (each_library.store.root / "quarantine").exists())


def test_a_content_that_is_another_each_time_is_no_damage(
    each_library: Library, blobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = iter("0123456789")
    monkeypatch.setattr(checked_blobs, "SMALL_BYTES", 0)
    monkeypatch.setattr(checked_blobs, "sha256_of", lambda *_: next(digests))
    assert {found[0] for found in findings(each_library, content=True)} == {Problem.UNREADABLE}
    assert len(blobs) == 3


def test_a_small_blob_that_differs_only_once_is_no_damage(
    each_library: Library, blobs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(each_library.store)
    flaw, read_before = kind.flaw, set()

    def failing_once(store: BlobStore, key: str, size: int, **options: Any) -> Flaw | None:
        if key != blobs[1] or not options.get("content") or key in read_before:
            return flaw(store, key, size, **options)
        read_before.add(key)
        return OTHER_CONTENT

    monkeypatch.setattr(kind, "flaw", failing_once)
    assert findings(each_library, content=True) == [(Problem.UNREADABLE, 2, "b")]


def read(library: Library, **limits: float) -> list[int]:
    """The assets whose content is read within some limits, in order."""
    found = verify(library, content=True, limits=Limits(**limits))
    return [each.entity_id for each in found if isinstance(each, IntactAsset) and each.is_read]


def test_what_was_read_least_recently_is_read_first(each_library: Library, blobs: list[str]) -> None:
    assert read(each_library, percent=40) == [1, 2]
    assert oldest_check(each_library, 0) is None
    assert read(each_library, seconds=0) == [3]
    assert oldest_check(each_library, 0) is not None
    assert read(each_library, percent=1) == [1]
    assert read(each_library) == [2, 3, 1]
    spoil(each_library, blobs[2], b"CCCCC")
    list(verify(each_library, content=True))
    assert oldest_check(each_library, 0) is None


def test_what_was_read_is_kept_when_a_verification_is_stopped(each_library: Library, blobs: list[str]) -> None:
    results = verify(each_library, content=True)
    next(results)
    results.close()
    assert len(blobs) == 3
    assert read(each_library, percent=1) == [2]


@pytest.mark.parametrize("table", [ContentHashSha256Component, FileLocationComponent, FilePropertiesComponent])
def test_an_asset_that_lacks_something(each_library: Library, blobs: list[str], table: Any) -> None:
    with each_library.write() as session:
        session.execute(delete(table).where(table.entity_id == 2))
    assert len(blobs) == 3
    found = findings(each_library)
    assert (Problem.DANGLING, 2, None) in found
    assert {entity_id for _, entity_id, _ in found} <= {2, None}


def test_a_place_that_contradicts_the_digest(each_library: Library, blobs: list[str]) -> None:
    place = FileLocationComponent
    with each_library.write() as session:
        session.execute(update(place).where(place.entity_id == 1).values(file_identifier="0" * 64))
    assert (Problem.DANGLING, 1, "a") in findings(each_library)
    assert len(blobs) == 3


def test_more_assets_than_a_page(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PAGE", 2)
    (tmp_path / "in").mkdir()
    for number in range(7):
        (tmp_path / "in" / str(number)).write_text(str(number))
    ingest_all(library, tmp_path / "in")
    assert list(verify(library)) == [IntactAsset(number, 1) for number in range(1, 8)]


def test_references_are_checked_where_they_are(library: Library, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("same!")
    list(ingest(library, [str(tmp_path / "a"), str(tmp_path / "b")], options=Options(mode=Mode.REFERENCE)))
    assert list(verify(library, content=True)) == [IntactAsset(1, 5, is_read=True)]
    (tmp_path / "a").unlink()
    assert list(verify(library, content=True)) == [IntactAsset(1, 5, is_read=True)]
    (tmp_path / "b").write_text("SAME!")
    assert findings(library) == []
    assert findings(library, content=True) == [(Problem.ALTERED, 1, "a")]
    (tmp_path / "b").write_text("longer")
    assert findings(library) == [(Problem.ALTERED, 1, "a")]
    (tmp_path / "b").unlink()
    assert findings(library) == [(Problem.MISSING, 1, "a")]


def test_beside_an_ingest_nothing_is_wrong(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after its commit: what it has published and not yet written is not taken for an orphan."""
    (tmp_path / "a").write_text("a")
    write = writer.write_files
    seen: list[Problem] = []

    def verify_and_write(*args: object, **more: object) -> object:
        seen.extend(problem for problem, _, _ in findings(library))
        written = write(*args, **more)  # type: ignore[arg-type]
        seen.extend(problem for problem, _, _ in findings(library))
        return written

    monkeypatch.setattr(writer, "write_files", verify_and_write)
    ingest_all(library, tmp_path / "a")
    assert seen == []
    assert findings(library, content=True) == []


@pytest.mark.local_store
def test_beside_an_ingest_what_a_killed_one_has_left_is_named(library: Library, tmp_path: Path) -> None:
    assert library.store.root
    orphan = library.store.root / "00" / "00" / ("0" * 64)
    orphan.parent.mkdir(parents=True)
    orphan.write_text("?")
    (tmp_path / "a").write_text("a")
    ingest_all(library, tmp_path / "a")
    [living] = (library.store.root / "tmp").iterdir()
    dead = living.with_name("dead")
    for folder, seconds in ((living, 10), (dead, -10)):
        folder.mkdir(exist_ok=True)
        began = orphan.stat().st_ctime + seconds
        os.utime(folder, (began, began))
    assert findings(library) == [(Problem.ORPHANED, None, None)]


def test_nothing_is_read_ahead_of_who_asks(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are fetched as they are needed: memory does not grow with the library."""
    monkeypatch.setattr(places, "PAGE", 3)
    checked = []
    check = Checker.check

    def noting(self: Checker, place: places.Place, *, content: bool) -> object:
        checked.append(place)
        return check(self, place, content=content)

    monkeypatch.setattr(Checker, "check", noting)
    monkeypatch.setattr(module, "AHEAD", 1)
    monkeypatch.setattr(module, "MAX_TASK_FILES", 3)
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / str(number)).write_text(str(number))
    ingest_all(library, tmp_path / "in")
    results = verify(library)
    next(results)
    results.close()
    assert len(checked) <= 3


def test_the_time_left_is_that_of_what_is_read(each_library: Library, blobs: list[str]) -> None:
    assert [bytes_within(each_library, limits) for limits in (UNLIMITED, Limits(percent=40))] == [len(blobs) * 5, 6]
