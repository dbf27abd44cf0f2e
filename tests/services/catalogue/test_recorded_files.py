"""What was recorded of source files, and what a stage does with it."""

import os
from pathlib import Path

import pytest

from dam.models import SourcePathComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.sources.recorded_files import (
    FileKey,
    RecordedFiles,
    current_sets,
    key_of,
    recorded_among,
    recorded_in,
)
from tests.services.conftest import UseSystems, ingest_all

pytestmark = pytest.mark.usefixtures("later")


def among(library: Library, *paths: Path) -> RecordedFiles:
    with library.peek() as connection:
        return recorded_among(connection, map(str, paths), current_sets())


def key(path: Path) -> FileKey:
    return key_of(str(path), path.stat())


def test_a_file_is_found_by_its_folder_and_by_its_path(each_library: Library, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a").write_text("a")
    [outcome] = ingest_all(each_library, tmp_path / "in")
    expected = RecordedFiles(current={key(tmp_path / "in/a"): outcome.entity_id or 0})
    assert among(each_library, tmp_path / "in/a", tmp_path / "in/copy") == expected
    with each_library.peek() as connection:
        assert recorded_in(connection, str(tmp_path / "in"), current_sets()) == expected
        assert recorded_in(connection, str(tmp_path), current_sets()) == RecordedFiles()


def test_a_file_of_an_outdated_asset(each_library: Library, tmp_path: Path, use_systems: UseSystems) -> None:
    (tmp_path / "a").write_text("a")
    [outcome] = ingest_all(each_library, tmp_path / "a")
    use_systems()
    assert among(each_library, tmp_path / "a") == RecordedFiles(outdated={key(tmp_path / "a"): outcome.entity_id or 0})


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_changed_file_has_another_key(library: Library, tmp_path: Path, change: str) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    ingest_all(library, path)
    status = path.stat()
    if change == "size":
        path.write_text("longer")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    else:
        (tmp_path / "new").write_text("a")
        os.utime(tmp_path / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
        (tmp_path / "new").replace(path)
    assert key(path) not in among(library, path).current


def test_more_paths_than_one_statement_takes(library: Library, tmp_path: Path) -> None:
    paths = [tmp_path / "in" / str(number) for number in range(ecs.MAX_VARIABLES + 1)]
    (tmp_path / "in").mkdir()
    for path in paths:
        path.write_text("same")
    ingest_all(library, tmp_path / "in")
    assert among(library, *paths).current.keys() == {key(path) for path in paths}
    assert among(library) == RecordedFiles()


def test_an_inode_of_64_bits(each_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    status = (tmp_path / "a").stat()
    fields = list(status)
    fields[1] = 2**64 - 1
    huge = os.stat_result(fields, {"st_mtime_ns": status.st_mtime_ns, "st_ctime_ns": status.st_ctime_ns})
    [outcome] = ingest_all(each_library, tmp_path / "a")
    with each_library.write() as session:
        [source] = ecs.get_components(session, outcome.entity_id or 0, SourcePathComponent)
        source.inode = -1
    assert key_of(str(tmp_path / "a"), huge) in among(each_library, tmp_path / "a").current
