"""How the bytes come in: copies, shared, moved, or only referenced."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Dam

MakeImage = Callable[..., Path]
Mount = Callable[..., None]


def blob(dam: Dam, sha256: str) -> Path:
    return dam.store / sha256[:2] / sha256[2:4] / sha256


def blobs(dam: Dam) -> list[Path]:
    return list(dam.store.glob("??/??/*"))


def left_over(dam: Dam) -> list[Path]:
    return [path for path in (dam.store / "tmp").rglob("*") if path.is_file()]


@pytest.fixture
def source(dam: Dam) -> Path:
    path = dam.folder / "in" / "a.txt"
    path.parent.mkdir()
    path.write_text("content")
    path.chmod(0o640)
    return path


@pytest.mark.parametrize("jobs", ["0", "2"])
@pytest.mark.parametrize("mode", ["copy", "auto", "hardlink", "reference"])
def test_a_source_stays_as_it_is(dam: Dam, source: Path, mode: str, jobs: str) -> None:
    before = source.stat()
    [line, last] = dam("add-asset", source, "--mode", mode, "--json", "-j", jobs).json_lines
    assert (line["status"], last["summary"]["added"]) == ("added", 1)
    after = source.stat()
    assert source.read_text() == "content"
    for name in ("st_mode", "st_mtime_ns", "st_ino", "st_uid", "st_size"):
        assert getattr(before, name) == getattr(after, name)
    assert len(blobs(dam)) == (mode != "reference")
    assert left_over(dam) == []
    assert dam("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 1
    assert dam("add-asset", source, "--mode", mode, "--json").json_lines[0]["status"] == "unchanged"
    assert dam("add-asset", source, "--mode", mode, "--rehash", "--json").json_lines[0]["status"] == "unchanged"


def test_a_hard_link_is_the_same_file(dam: Dam, source: Path) -> None:
    (source.parent / "twin").write_text("content")
    first, second, last = dam("add-asset", source.parent, "--mode", "hardlink", "--json").json_lines
    assert blob(dam, first["sha256"]).stat().st_ino == source.stat().st_ino
    assert second["status"] == "linked"
    assert (last["summary"]["shared"], last["summary"]["copied"]) == (1, 0)


def test_a_hard_link_to_a_symbolic_link_is_of_the_file(dam: Dam, source: Path) -> None:
    (source.parent / "link").symlink_to("a.txt")
    [line, _] = dam("add-asset", source.parent / "link", "--mode", "hardlink", "--json").json_lines
    assert not blob(dam, line["sha256"]).is_symlink()
    assert blob(dam, line["sha256"]).stat().st_ino == source.stat().st_ino


def test_what_is_written_to_a_hard_linked_source_is_noticed(dam: Dam, source: Path) -> None:
    dam("add-asset", "-j0", source, "--mode", "hardlink")
    source.write_text("CONTENT")
    dam("verify")
    [line, last] = dam("verify", "--content", "--json", code=4).json_lines
    assert (line["problem"], line["entity_id"], line["name"]) == ("altered", 1, "a.txt")
    assert last["summary"]["altered"] == 1


def test_no_hard_link_across_file_systems(dam: Dam, source: Path, mount: Mount) -> None:
    mount("-t", "tmpfs", "tmpfs", source.parent)
    source.write_text("content")
    [refused, _] = dam("add-asset", source, "--mode", "hardlink", "--json", code=3).json_lines
    assert (refused["status"], refused["path"]) == ("failed", str(source))
    assert "--mode copy" in refused["error"]
    assert (blobs(dam), left_over(dam)) == ([], [])
    assert dam("info", "--json").json["entities"] == 0
    assert dam("add-asset", source, "--mode", "auto", "--json").json_lines[0]["status"] == "added"


def test_no_reflink_where_the_file_system_has_none(dam: Dam, source: Path, mount: Mount) -> None:
    mount("-t", "tmpfs", "tmpfs", source.parent)
    source.write_text("content")
    assert "reflink" in dam("add-asset", source, "--mode", "reflink", code=3).err
    assert (blobs(dam), left_over(dam)) == ([], [])
    done = dam("add-asset", source, "--mode", "auto")
    assert "0 shared with their sources, 1 copied" in done.err


def test_reflinks(dam: Dam, tmp_path: Path, mount: Mount) -> None:
    mkfs = shutil.which("mkfs.xfs") or shutil.which("mkfs.btrfs")
    if mkfs is None:
        pytest.skip("neither mkfs.xfs nor mkfs.btrfs is there: REFLINKS ARE NOT TESTED")
    with (tmp_path / "image").open("wb") as image:
        image.truncate(400 * 2**20)
    subprocess.run([mkfs, "-q", tmp_path / "image"], check=True)
    place = tmp_path / "cow"
    place.mkdir()
    mount("-o", "loop", tmp_path / "image", place)
    shutil.copytree(dam.folder, place / "library")
    on_it = Dam(place / "library", dam.env | {"DATABASE_URL": f"sqlite:///{place}/library/dam.sqlite3"})
    (place / "a").write_bytes(os.urandom(100_000))
    (place / "b").write_bytes(os.urandom(100_000))
    for name, mode in (("a", "reflink"), ("b", "auto")):
        [line, last] = on_it("add-asset", place / name, "--mode", mode, "--json").json_lines
        assert (last["summary"]["shared"], last["summary"]["copied"]) == (1, 0)
        stored = blob(on_it, line["sha256"])
        assert stored.stat().st_ino != (place / name).stat().st_ino
        (place / name).write_text("changed")
        assert stored.stat().st_size == 100_000
    on_it("verify", "--content")


def test_a_move_takes_the_sources_away(dam: Dam, source: Path) -> None:
    (source.parent / "same.txt").write_text("content")
    os.link(source, source.parent / "z-other-name")
    *lines, _ = dam("add-asset", source.parent, "--mode", "move", "--json").json_lines
    assert [(line["status"], line["error"]) for line in lines] == [("added", None), ("linked", None), ("linked", None)]
    assert list(source.parent.iterdir()) == []
    assert blob(dam, lines[0]["sha256"]).read_text() == "content"
    source.write_text("content")
    dam("add-asset", "-j0", source, "--mode", "move")
    assert not source.exists()


def test_a_path_that_is_named_twice_is_moved_once(dam: Dam, source: Path) -> None:
    *lines, _ = dam("add-asset", source, source, "--mode", "move", "--json").json_lines
    assert [line["error"] for line in lines] == [None, None]
    assert not source.exists()


def test_a_move_of_a_known_file_reads_it_first(dam: Dam, source: Path) -> None:
    [line, _] = dam("add-asset", source, "--json").json_lines
    blob(dam, line["sha256"]).unlink()
    dam("add-asset", "-j0", source, "--mode", "move")
    assert not source.exists()
    assert blob(dam, line["sha256"]).read_text() == "content"


def test_a_damaged_picture_is_moved_too(dam: Dam, source: Path) -> None:
    source.write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    [line, _] = dam("add-asset", source, "--mode", "move", "--json", code=3).json_lines
    assert "cannot be decoded" in line["error"]
    assert not source.exists()


def test_a_source_that_cannot_be_removed_is_reported(dam: Dam, source: Path, mount: Mount) -> None:
    mount("--bind", source.parent, source.parent)
    mount("-o", "remount,bind,ro", source.parent)
    [line, last] = dam("add-asset", source, "--mode", "move", "--json", code=3).json_lines
    assert (line["status"], line["error"]) == (
        "added",
        "is in the library, and could not be removed: Read-only file system",
    )
    assert last["summary"]["added"] == 1
    assert source.exists()


def test_a_reference_leaves_the_file_where_it_is(dam: Dam, make_image: MakeImage) -> None:
    photo = make_image("photos/a.png")
    [line, _] = dam("add-asset", photo, "--mode", "reference", "--json").json_lines
    assert blobs(dam) == []
    assert dam("show", photo, "--json").json["components"]["file_location"][0]["storage_type"] == "reference"
    [match] = dam("find-file-by-hash", line["md5"], "--json").json["matches"]
    assert (match["stored_path"], match["sources"]) == (None, [str(photo)])
    assert "missing" not in dam("find-file-by-hash", line["md5"]).out
    assert dam("find-similar-images", make_image("b.jpg"), "--json").json["matches"][0]["entity_id"] == 1

    photo.unlink()
    [found, _] = dam("verify", "--json", code=4).json_lines
    assert (found["problem"], found["entity_id"]) == ("missing", 1)
    photo.write_bytes(b"another")
    assert dam("verify", "--json", code=4).json_lines[0]["problem"] == "altered"


def test_content_that_was_referenced_is_copied_when_that_is_asked(dam: Dam, source: Path) -> None:
    dam("add-asset", "-j0", source, "--mode", "reference")
    assert blobs(dam) == []
    [line, _] = dam("add-asset", source, "--json").json_lines
    assert (line["status"], line["entity_id"]) == ("unchanged", 1)
    assert blob(dam, line["sha256"]).read_text() == "content"
    assert dam("add-asset", source, "--json").json_lines[0]["status"] == "unchanged"


def test_a_file_that_cannot_be_linked_fails_alone(dam: Dam, source: Path, mount: Mount) -> None:
    (source.parent / "b").mkdir()
    mount("-t", "tmpfs", "tmpfs", source.parent / "b")
    for name in ("b/other.txt", "c.txt"):
        (source.parent / name).write_text(name)
    for jobs in ("0", "2"):
        *lines, last = dam("add-asset", source.parent, "--mode", "hardlink", "--json", "-j", jobs, code=3).json_lines
        failed = {Path(line["path"]).name: line["error"] for line in lines if line["status"] == "failed"}
        assert list(failed) == ["other.txt"]
        assert "(Invalid cross-device link): use --mode copy" in failed["other.txt"]
        assert last["summary"]["added"] + last["summary"]["unchanged"] == 2
    assert left_over(dam) == []
    dam("verify", "--content")


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_a_file_too_large_for_a_limit_fails_alone(dam: Dam, real_dam: Dam, source: Path, jobs: str) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("there is no prlimit")
    for name, size in (("b-large", 3_000_000), ("c-huge", 40_000_000)):
        (source.parent / name).write_bytes(os.urandom(size))
    limited = replace(real_dam, prefix=("prlimit", "--fsize=2000000"))
    *lines, _ = limited("add-asset", source.parent, "--json", "-j", jobs, code=3).json_lines
    assert [(line["status"], line["error"]) for line in lines] == [
        ("added", None),
        *[("failed", "is too large for the file system of the store, or for a limit (ulimit -f)")] * 2,
    ]
    assert left_over(dam) == []
    dam("verify", "--content")
