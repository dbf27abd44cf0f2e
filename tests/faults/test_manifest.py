"""A kill at system calls of what writes the manifest, or reads it: what was acknowledged can be rebuilt."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from dam.core.config import Settings
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.source_path_component import SourcePathComponent
from dam.services.library import open_library
from dam.services.rebuild.blobs import Adopted
from dam.services.rebuild.rebuild import Rebuilt, rebuild
from tests.conftest import Dam, dam_in
from tests.faults.conftest import (
    IN_SMALL_BATCHES,
    MUTATING,
    Calls,
    NewDam,
    Point,
    _trace,
    acknowledged,
    add,
    changed_program,
    kill_at,
    opened,
    some_of,
)
from tests.services.rebuild.kept import kept_rows

pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("strace")]

SHARES = 4
REBUILD = [*IN_SMALL_BATCHES, "rebuild-db"]
REPORT_FIRST = """
from dam.services.manifest.manifest_writer import ManifestWriter
ManifestWriter.append = lambda _writer: None
"""


def rebuilt_sources(dam: Dam, scratch: Path) -> dict[str, str]:
    """The digest of every source of a library, as its store alone gives them back."""
    shutil.copytree(dam.store, scratch / "store", dirs_exist_ok=True)
    settings = Settings(DATABASE_URL=f"sqlite:///{scratch}/dam.sqlite3", ASSET_STORAGE_PATH=scratch / "store")
    items = list(rebuild(settings))
    assert [item for item in items if not isinstance(item, Adopted | Rebuilt)] == []
    with open_library(settings) as library, library.read() as session:
        sha256, source = ContentHashSha256Component, SourcePathComponent
        wanted = select(source.path_display, sha256.hash_value)
        return dict(session.execute(wanted.join(sha256, sha256.entity_id == source.entity_id)).all())


def assert_rebuilds(dam: Dam, scratch: Path, promised: Mapping[str, str]) -> None:
    assert promised.items() <= rebuilt_sources(dam, scratch).items()


@pytest.mark.parametrize("share", range(SHARES))
def test_what_was_acknowledged_is_in_the_manifest(
    new_dam: NewDam, calls_of: Calls, sources: Path, tmp_path: Path, share: int
) -> None:
    points = [point for point in calls_of(*add(sources)) if "dam.sqlite3" in point.line or "manifest" in point.line]
    assert any("manifest" in point.line for point in points)
    for point in some_of(points, each=4)[share::SHARES]:
        dam = new_dam()
        killed = kill_at(point, dam, add(sources))
        assert_rebuilds(dam, tmp_path / f"{point.call}{point.when}", acknowledged(killed.out))
        finished = dam("add-asset", "-j0", "--json", sources)
        assert_rebuilds(dam, tmp_path / f"{point.call}{point.when} again", acknowledged(finished.out))


def test_a_program_that_does_not_write_the_manifest_is_caught(new_dam: NewDam, sources: Path, tmp_path: Path) -> None:
    """The proof that these tests can fail."""
    dam = new_dam()
    command = [*changed_program(REPORT_FIRST), "add-asset", "-j0", "--json", str(sources)]
    killed = kill_at(Point("rename", 1000, "never"), dam, command, may_miss=True)
    assert rebuilt_sources(dam, tmp_path / "store").keys().isdisjoint(acknowledged(killed.out))


@pytest.fixture
def lost(library_folder: Path, sources: Path, tmp_path: Path) -> Path:
    """A library whose database is gone."""
    dam = dam_in(library_folder)
    dam("add-asset", "-j0", "--tags", "a", sources)
    shutil.move(library_folder / "dam.sqlite3", tmp_path / "before")
    return library_folder


def copy_of(folder: Path, name: str) -> Dam:
    return dam_in(Path(shutil.copytree(folder, folder.parent / name)))


def test_a_kill_of_a_rebuild_leaves_no_database_or_all_of_it(lost: Path) -> None:
    reference = copy_of(lost, "reference")
    points = _trace(reference, REBUILD, MUTATING)
    with opened(reference) as library:
        rows = kept_rows(library)
    for point in some_of(points, each=3):
        dam = copy_of(lost, f"{point.call}{point.when}")
        kill_at(point, dam, REBUILD)
        if not (dam.folder / "dam.sqlite3").exists():
            assert "rebuild-db" in dam("tag", "ls", code=10).err
            dam("rebuild-db")
        with opened(dam) as library:
            assert kept_rows(library) == rows, point
        assert not list(dam.folder.glob("*.rebuild*"))


def test_a_kill_of_an_import_leaves_nothing_or_all(lost: Path, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "before", lost / "dam.sqlite3")
    exported = tmp_path / "library.jsonl"
    dam_in(lost)("library", "export", exported)
    command = [*IN_SMALL_BATCHES, "library", "import", str(exported)]
    points = _trace(dam_in(tmp_path / "reference"), command, MUTATING)
    for point in some_of(points, each=3):
        dam = dam_in(tmp_path / f"{point.call}{point.when}")
        kill_at(point, dam, command)
        if dam("library", "import", exported, code=None).code:
            assert dam("info", code=None).code in (0, 10)
            assert "not empty" in dam("library", "import", exported, code=5).err
        assert dam("library", "export").out == exported.read_text(), point
