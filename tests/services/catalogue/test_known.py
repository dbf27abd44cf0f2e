import os
from pathlib import Path

import pytest

from dam.media.files.walk import Found
from dam.models import SourcePathComponent, SystemRecord
from dam.services.catalogue import ecs
from dam.services.catalogue.known import known_by_path, known_by_sha256, outdated
from dam.services.library import Library
from tests.services.conftest import MakeImage, UseSystems, ingest_all


def found(path: Path) -> Found:
    return Found(str(path), path.stat())


def test_by_an_unchanged_path(each_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "copy").write_text("a")
    [outcome] = ingest_all(each_library, tmp_path / "a")
    with each_library.read() as session:
        known = known_by_path(session, [found(tmp_path / "a"), found(tmp_path / "copy")])
    assert known.keys() == {str(tmp_path / "a")}
    [asset] = known.values()
    assert (asset.entity_id, asset.sha256, asset.md5) == (outcome.entity_id, outcome.sha256, outcome.md5)
    assert asset.is_current


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_changed_path_is_not_known(library: Library, tmp_path: Path, change: str) -> None:
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
    with library.read() as session:
        assert known_by_path(session, [found(path)]) == {}


def test_more_paths_than_one_statement_takes(library: Library, tmp_path: Path) -> None:
    paths = [tmp_path / "in" / str(number) for number in range(ecs.VARIABLES + 1)]
    (tmp_path / "in").mkdir()
    for path in paths:
        path.write_text("same")
    ingest_all(library, tmp_path / "in")
    with library.read() as session:
        assert known_by_path(session, map(found, paths)).keys() == {str(path) for path in paths}
        assert known_by_path(session, []) == {}


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
    with each_library.read() as session:
        assert known_by_path(session, [Found(str(tmp_path / "a"), huge)])


def test_by_content(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    [outcome] = ingest_all(library, tmp_path / "a")
    with library.read() as session:
        known = known_by_sha256(session, outcome.sha256 or "")
        assert known
        assert known.entity_id == outcome.entity_id
        assert known_by_sha256(session, "0" * 64) is None


def test_assets_without_a_record_or_with_another_are_outdated(
    library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    ids = [
        outcome.entity_id for outcome in ingest_all(library, make_image("a.png"), make_image("b.png", seed=2), __file__)
    ]
    with library.write() as session:
        assert outdated(session, 0, 10) == []
        session.delete(session.get_one(SystemRecord, ids[2]))
    with library.read() as session:
        assert [known.entity_id for known in outdated(session, 0, 10)] == ids[2:]
        use_systems()
        assert [known.entity_id for known in outdated(session, 0, 10)] == ids
        assert [known.entity_id for known in outdated(session, ids[0] or 0, 1)] == ids[1:2]
