"""Verification: every kind of damage, and none where there is none."""

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
from dam.services import verify as module
from dam.services.ingest import writer
from dam.services.ingest.ingest import Options, ingest
from dam.services.library import Library
from dam.services.verify import Finding, Problem, Sound, verify
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
    assert list(verify(each_library, content=content)) == [Sound(1, 5), Sound(2, 5), Sound(3, 5)]


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
def test_what_is_no_blob_is_not_looked_at(each_library: Library, blobs: list[str]) -> None:
    root = each_library.store.root
    assert root
    for path in ("quarantine/" + blobs[0] + ".1", "tmp/x/y", "zz/zz/notes.txt", "ab/readme", "elsewhere/file"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    assert findings(each_library, content=True) == []


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
    monkeypatch.setattr(module, "PAGE", 2)
    (tmp_path / "in").mkdir()
    for number in range(7):
        (tmp_path / "in" / str(number)).write_text(str(number))
    ingest_all(library, tmp_path / "in")
    assert list(verify(library)) == [Sound(number, 1) for number in range(1, 8)]


def test_references_are_checked_where_they_are(library: Library, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("same!")
    list(ingest(library, [str(tmp_path / "a"), str(tmp_path / "b")], options=Options(mode=Mode.REFERENCE)))
    assert list(verify(library, content=True)) == [Sound(1, 5)]
    (tmp_path / "a").unlink()
    assert list(verify(library, content=True)) == [Sound(1, 5)]
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
        seen.extend(problem for problem, _, _ in findings(library, content=True))
        written = write(*args, **more)  # type: ignore[arg-type]
        seen.extend(problem for problem, _, _ in findings(library, content=True))
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
    monkeypatch.setattr(module, "PAGE", 3)
    checked = []
    check = module._check

    def noting(library: Library, place: module._Place, *, content: bool) -> object:
        checked.append(place)
        return check(library, place, content=content)

    monkeypatch.setattr(module, "_check", noting)
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / str(number)).write_text(str(number))
    ingest_all(library, tmp_path / "in")
    results = verify(library)
    next(results)
    results.close()
    assert len(checked) <= 3
