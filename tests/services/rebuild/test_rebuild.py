"""The database, made again from the store: what cannot be derived is as it was."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from dam.core.config import Settings
from dam.core.errors import DamError, LostDatabaseError, NoLibraryError, OldDatabaseError
from dam.media.files.digests import digests_of
from dam.models.entity import Entity
from dam.services.catalogue.pairs import put_verdict, remove_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.ingest.ingest import Options, ingest
from dam.services.library import Library, open_library, set_up_library
from dam.services.manifest.lines import Line, numbered, parse
from dam.services.manifest.manifest_writer import ManifestWriter
from dam.services.manifest.owners import last_said
from dam.services.manifest.reader import Damage
from dam.services.rebuild.blobs import Adopted, BlobProblem
from dam.services.rebuild.drop_newer import Dropped, drop_newer
from dam.services.rebuild.rebuild import Rebuilt, merge, rebuild
from dam.services.tags.tags import add_tag_to_entity, remove_tag_from_entity
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.verify import verify
from dam.storage.modes import Mode
from tests import postgres
from tests.services.conftest import ingest_all
from tests.services.rebuild.kept import kept_rows

pytestmark = pytest.mark.local_store


def settings_of(folder: Path, database: str | None = None) -> Settings:
    return Settings(DATABASE_URL=database or f"sqlite:///{folder}/dam.sqlite3", ASSET_STORAGE_PATH=folder / "store")


def lose(folder: Path) -> None:
    for path in folder.glob("dam.sqlite3*"):
        path.unlink()


@contextmanager
def rebuilt(folder: Path, database: str | None = None) -> Iterator[tuple[Library, list[Any]]]:
    items = list(rebuild(settings_of(folder, database)))
    with open_library(settings_of(folder, database)) as library:
        yield library, items


@pytest.fixture
def folder(library_folder: Path, tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (files / name).write_text(f"content of {name}")
    (files / "again.txt").write_text("content of a.txt")
    os.mkdir(os.fsencode(files) + b"/odd\xff")
    Path(os.fsdecode(os.fsencode(files) + b"/odd\xff/d\n\xe9.txt")).write_text("d")
    with open_library(settings_of(library_folder)) as library:
        ingest_all(library, files, tags=["first"])
        list(ingest(library, [str(files / "b.txt")], [], Options(mode=Mode.REFERENCE, rehash=True)))
        with library.write() as session:
            add_tag_to_entity(session, 1, "sea: ünï\u2028")
            add_tag_to_entity(session, 2, "gone")
            put_verdict(session, (1, 2), Verdict.DUPLICATE)
        with library.write() as session:
            remove_tag_from_entity(session, 2, "gone")
            put_verdict(session, (1, 2), Verdict.UNRELATED)
            put_verdict(session, (2, 3), Verdict.ALTERNATE)
            remove_verdict(session, (2, 3))
    return library_folder


def test_all_that_cannot_be_derived_comes_back(folder: Path) -> None:
    with open_library(settings_of(folder)) as library:
        before, library_id = kept_rows(library), library.id
    assert all(before[name] for name in ("entities", "component_tag", "component_verdict", "operation_changes"))
    lose(folder)
    with rebuilt(folder) as (library, items):
        [result] = items
        assert (result.library_id, result.assets, result.adopted) == (library_id, 4, 0)
        assert kept_rows(library) == before
        assert library.id == library_id
        (folder / "e.txt").write_text("new")
        [added] = ingest_all(library, folder / "e.txt")
        assert added.entity_id == 5
        state = library.manifest_writer.state()
        assert (state.in_manifest, state.pending, state.lost) == (result.last_batch + 1, 0, 0)
    assert {path.name for path in folder.glob("dam.sqlite3*")} <= {"dam.sqlite3", "dam.sqlite3-journal"}


def test_into_postgresql(folder: Path) -> None:
    with open_library(settings_of(folder)) as library:
        before = kept_rows(library)
    with rebuilt(folder, postgres.new_database()) as (library, items):
        assert len(items) == 1
        assert kept_rows(library) == before
        (folder / "e.txt").write_text("new")
        assert ingest_all(library, folder / "e.txt", tags=["x"])[0].entity_id == 5


def test_what_is_missing_damaged_or_unknown_is_named(folder: Path) -> None:
    with open_library(settings_of(folder)) as library:
        unknown = library.store.stage()
        unknown.write(b"%PDF-1.4 unknown")
        key = digests_of([b"%PDF-1.4 unknown"]).sha256
        library.store.publish({key: unknown})
        with library.read() as session:
            gone = session.scalar(
                text("SELECT file_identifier FROM component_file_location WHERE entity_id = 3 LIMIT 1")
            )
        path = library.store.path(str(gone))
        assert path
        path.unlink()
    segment = folder / "store/manifest/000001.jsonl"
    lines = segment.read_bytes().splitlines(keepends=True)
    [place] = [number for number, line in enumerate(lines) if b'"gone"' in line and b'"after":{' in line]
    segment.write_bytes(b"".join([*lines[:place], lines[place].replace(b"gone", b"GONE"), *lines[place + 1 :]]))
    lose(folder)
    with rebuilt(folder) as (library, items):
        assert [type(item) for item in items] == [Damage, Adopted, BlobProblem, Rebuilt]
        assert (items[0].segment, items[0].line) == (1, place + 1)
        assert (items[1].sha256, items[2].sha256, items[2].entity_id) == (key, gone, 3)
        with library.read() as session:
            found = session.execute(text("SELECT original_filename, media_type FROM component_file_properties")).all()
        assert (key, "application/pdf") in [tuple(row) for row in found]
        before = kept_rows(library)
    lose(folder)  # the manifest has been made whole, with the blob that was adopted
    with rebuilt(folder) as (library, items):
        assert [type(item) for item in items] == [BlobProblem, Rebuilt]
        assert kept_rows(library) == before


@pytest.mark.parametrize(
    "body",
    [
        '"put":"operations","row":"text"',  # all found by the fuzzer
        '"change":[1]',
        '"put":"component_tag","row":{"entity_id":1e999,"tag":"a"}',
    ],
)
def test_a_line_of_another_form_is_named(folder: Path, body: str) -> None:
    segment = folder / "store/manifest/000001.jsonl"
    whole = segment.read_bytes()
    last = max(line.batch for line in map(parse, whole.splitlines(keepends=True)) if isinstance(line, Line))
    segment.write_bytes(whole + numbered(last + 1, [body]).encode())
    lose(folder)
    with rebuilt(folder) as (_, items):
        assert [type(item) for item in items] == [Damage, Rebuilt]
        assert f"line 1 of batch {last + 1} cannot be applied" in items[0].detail


def test_nothing_else_makes_an_empty_database_for_the_store(folder: Path) -> None:
    lose(folder)
    for use in (lambda: open_library(settings_of(folder), create=True), lambda: set_up_library(settings_of(folder))):
        with pytest.raises(LostDatabaseError, match="dam-cli rebuild-db"):
            use()
    assert not (folder / "dam.sqlite3").exists()
    with pytest.raises(LostDatabaseError, match="dam-cli rebuild-db"):
        set_up_library(settings_of(folder, postgres.new_database()))


def test_a_database_with_assets_is_never_replaced(folder: Path, tmp_path: Path) -> None:
    before = (folder / "dam.sqlite3").read_bytes()
    with pytest.raises(DamError, match="move it away"):
        list(rebuild(settings_of(folder)))
    assert (folder / "dam.sqlite3").read_bytes() == before
    with pytest.raises(NoLibraryError):
        list(rebuild(settings_of(tmp_path / "elsewhere")))
    assert not (tmp_path / "elsewhere").exists()


def test_the_journal_of_the_lost_database_does_not_meet_the_new_one(folder: Path) -> None:
    lose(folder)
    (folder / "dam.sqlite3-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"hot" * 999)
    (folder / "dam.sqlite3.rebuild").write_bytes(b"half of a database")
    with rebuilt(folder) as (library, items):
        assert items[-1].assets == 4
        assert kept_rows(library)["component_tag"]
    [kept] = folder.glob("dam.sqlite3.lost-*")
    assert b"hot" in kept.read_bytes()


def test_a_marker_that_is_lost_too(folder: Path) -> None:
    with open_library(settings_of(folder)) as library:
        library_id = library.id
    lose(folder)
    (folder / "store/dam-library-id").unlink()
    with rebuilt(folder) as (library, _):
        assert library.id == library_id


def test_a_restored_backup_gets_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "dam.sqlite3", tmp_path / "backup")
    with open_library(settings_of(folder)) as library:
        (tmp_path / "new.txt").write_text("after the backup")
        ingest_all(library, tmp_path / "new.txt", tags=["late"])
        with library.write() as session:
            remove_tag_from_entity(session, 1, "first")
        before = kept_rows(library)
    shutil.copy(tmp_path / "backup", folder / "dam.sqlite3")
    with open_library(settings_of(folder)) as library:
        assert library.manifest_writer.state().is_database_older
        assert [item.assets for item in merge(library) if isinstance(item, Rebuilt)] == [5]
        assert kept_rows(library) == before
        assert [item.assets for item in merge(library) if isinstance(item, Rebuilt)] == [5]
        ingest_all(replace(library), tmp_path / "new.txt")


def restored(folder: Path, tmp_path: Path) -> str:
    """Do something after a backup, and put that back; return the SHA-256 of the asset that it does not have."""
    shutil.copy(folder / "dam.sqlite3", tmp_path / "backup")
    with open_library(settings_of(folder)) as library:
        (tmp_path / "new.txt").write_text("after the backup")
        [outcome] = ingest_all(library, tmp_path / "new.txt", tags=["late"])
        with library.write() as session:
            remove_tag_from_entity(session, 1, "first")
    shutil.copy(tmp_path / "backup", folder / "dam.sqlite3")
    return outcome.sha256 or ""


def test_what_came_after_a_backup_is_given_up(folder: Path, tmp_path: Path) -> None:
    key = restored(folder, tmp_path)
    with open_library(settings_of(folder)) as library:
        before = kept_rows(library)
        assert drop_newer(library, dry_run=True) == Dropped(2, 1)
        with pytest.raises(OldDatabaseError, match="--drop-newer"), library.write():
            pass
        assert drop_newer(library) == Dropped(2, 1)
        assert drop_newer(library) == Dropped(0, 0)
        assert kept_rows(library) == before
        assert last_said(library.store.manifest, [key]) == {}
        found = [each for each in verify(library, content=True) if isinstance(each, Finding)]
        assert [(each.problem, each.sha256) for each in found] == [(Problem.ORPHANED, key)]
    lose(folder)
    with rebuilt(folder) as (library, items):
        assert [item.sha256 for item in items if isinstance(item, Adopted)] == [key]
        assert [item for item in items if isinstance(item, Damage)] == []


def test_a_kill_before_the_snapshot_leaves_it_to_the_next_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(folder, tmp_path)
    with monkeypatch.context() as killed:
        killed.setattr(ManifestWriter, "catch_up", lambda _: None)
        with open_library(settings_of(folder)) as library:
            before = kept_rows(library)
            drop_newer(library)
    with open_library(settings_of(folder)) as library:
        assert library.manifest_writer.state().pending == 1
        [added] = ingest_all(library, tmp_path / "new.txt")
        assert (added.status, added.entity_id) == ("added", 6)
        assert {key: rows for key, rows in kept_rows(library).items() if key == "component_tag"} == {
            key: rows for key, rows in before.items() if key == "component_tag"
        }
        found = {each.problem for each in verify(library, content=True) if isinstance(each, Finding)}
        assert found == set()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.sampled_from(["tag", "untag"]), st.integers(1, 4), st.integers(0, 2)),
        st.tuples(st.sampled_from(["alike", "unalike", "clear"]), st.integers(1, 4), st.integers(1, 4)),
    ),
    min_size=1,
    max_size=12,
)


def take(library: Library, files: Path, step: tuple[str, int, int]) -> None:
    what, one, other = step
    if what == "add":
        path = files / f"{one}.txt"
        path.write_text(f"content {other}")
        ingest_all(library, path, tags=[f"t{other}"] if one % 2 else [])
        return
    with library.write() as session:
        there = set(session.scalars(select(Entity.id)))
        if what in ("tag", "untag"):
            if one in there:
                (add_tag_to_entity if what == "tag" else remove_tag_from_entity)(session, one, f"t{other}")
        elif one != other and {one, other} <= there:
            pair = min(one, other), max(one, other)
            if what == "clear":
                remove_verdict(session, pair)
            else:
                put_verdict(session, pair, Verdict.DUPLICATE if what == "alike" else Verdict.UNRELATED)


@pytest.mark.sweep
@given(steps=STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_was_done_comes_back(empty_library_folder: Path, steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, files = Path(scratch, "library"), Path(scratch, "files")
        shutil.copytree(empty_library_folder, folder)
        files.mkdir()
        with open_library(settings_of(folder)) as library:
            for step in steps:
                take(library, files, step)
            before = kept_rows(library)
        lose(folder)
        with rebuilt(folder) as (library, items):
            assert len(items) == 1
            assert kept_rows(library) == before
