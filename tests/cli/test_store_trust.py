"""The store believes nothing: what it has is compared before a file counts as stored, and before one is unlinked."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dam

Mount = Callable[..., None]

CONTENT = "what the library has"


def file_with(path: Path, content: str = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def add(dam: Dam, *arguments: str | Path, code: int = 0) -> list[dict[str, Any]]:
    """Ingest without workers; return the outcomes."""
    return list(dam("add-asset", "-j0", "--json", *arguments, code=code).json_lines[:-1])


def place_of(dam: Dam, sha256: str) -> Path:
    return dam.store / sha256[:2] / sha256[2:4] / sha256


@pytest.fixture
def source(dam: Dam) -> Path:
    return file_with(dam.folder / "in" / "a.txt")


@pytest.fixture
def blob(dam: Dam, source: Path) -> Path:
    """The blob of `source`, which has been copied into the library."""
    [outcome] = add(dam, source)
    return place_of(dam, outcome["sha256"])


def quarantine(dam: Dam) -> list[Path]:
    folder = dam.store / "quarantine"
    return sorted(folder.iterdir()) if folder.exists() else []


def rot(blob: Path) -> None:
    """Change a byte, as a disk does: size, times and mode stay."""
    before = blob.stat()
    blob.chmod(0o600)
    blob.write_text("W" + CONTENT[1:])
    blob.chmod(before.st_mode)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(blob: Path, how: str, source: Path) -> None:
    """Put something else in the place of a blob."""
    blob.unlink()
    match how:
        case "link":
            blob.symlink_to(source)
        case "hard link":
            os.link(source, blob)
        case "pipe":
            os.mkfifo(blob)
        case "folder":
            blob.mkdir()
            (blob / "inside").write_text("x")


# ---- the store by another path


def test_a_store_that_is_mounted_elsewhere_is_not_moved(dam: Dam, blob: Path, tmp_path: Path, mount: Mount) -> None:
    (tmp_path / "mounted").mkdir()
    mount("--bind", dam.store, tmp_path / "mounted")
    for path in (tmp_path / "mounted", tmp_path / "mounted" / blob.parts[-3], tmp_path / "mounted" / "tmp"):
        path.mkdir(exist_ok=True)
        refused = dam("add-asset", "-j0", path, "--mode", "move", code=2)
        assert "store of the library itself" in refused.err
    assert add(dam, tmp_path, "--mode", "move", "--exclude", "library") == []
    assert blob.read_text() == CONTENT


def test_a_part_of_the_store_that_is_mounted_elsewhere_is_not_moved(
    dam: Dam, blob: Path, tmp_path: Path, mount: Mount
) -> None:
    for name, part in (("upper", blob.parents[1]), ("lower", blob.parent)):
        (tmp_path / name).mkdir()
        mount("--bind", part, tmp_path / name)
    (tmp_path / "one").touch()
    mount("--bind", blob, tmp_path / "one")
    assert add(dam, tmp_path / "lower", "--mode", "move") == []
    assert "store of the library itself" in dam("add-asset", tmp_path / "lower" / blob.name, code=2).err
    [outcome] = add(dam, tmp_path / "one", "--mode", "move", code=3)
    assert "not removed" in outcome["error"]
    assert blob.read_text() == CONTENT
    assert (tmp_path / "one").read_text() == CONTENT
    dam("verify", "--content")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_link_to_a_part_of_the_store_is_not_moved(dam: Dam, blob: Path, tmp_path: Path, level: int) -> None:
    file_with(tmp_path / "in2" / "b.txt", "another")
    (tmp_path / "in2" / "link").symlink_to(blob.parents[level])
    outcomes = add(dam, tmp_path / "in2", "--mode", "move", "--follow-links")
    assert [outcome["path"] for outcome in outcomes] == [str(tmp_path / "in2" / "b.txt")]
    assert blob.read_text() == CONTENT


def test_a_link_to_a_blob_is_not_moved(dam: Dam, blob: Path, tmp_path: Path) -> None:
    (tmp_path / "in2").mkdir()
    (tmp_path / "in2" / "link").symlink_to(blob)
    add(dam, tmp_path / "in2", "--mode", "move", "--follow-links", code=3)
    assert blob.read_text() == CONTENT
    dam("verify", "--content")


def test_the_store_of_another_library_is_not_moved(dam: Dam, blob: Path, tmp_path: Path) -> None:
    """Nor is one's own, where a file system gives the same file another number."""
    other = Path(shutil.copytree(dam.store, tmp_path / "other"))
    outcomes = add(dam, other, "--mode", "move", code=3)
    assert {outcome["error"] for outcome in outcomes} == {"was not removed: it belongs to a store of dam"}
    assert (other / blob.relative_to(dam.store)).read_text() == CONTENT
    assert (other / "dam-library-id").exists()


# ---- something else in the place of a blob


@pytest.mark.parametrize("how", ["link", "hard link", "pipe", "folder"])
def test_a_move_finds_something_else_in_the_place_of_a_blob(dam: Dam, source: Path, blob: Path, how: str) -> None:
    replace(blob, how, source)
    [outcome] = add(dam, source, "--mode", "move")
    assert (outcome["status"], outcome["error"]) == ("unchanged", None)
    assert not source.exists()
    assert (blob.read_text(), blob.is_symlink(), blob.stat().st_nlink) == (CONTENT, False, 1)
    dam("verify", "--content")


@pytest.mark.parametrize("how", ["link", "hard link", "pipe", "folder"])
def test_a_copy_finds_something_else_in_the_place_of_a_blob(dam: Dam, source: Path, blob: Path, how: str) -> None:
    replace(blob, how, source)
    [outcome] = add(dam, file_with(source.with_name("b.txt")))
    assert outcome["status"] == "linked"
    assert outcome["healed"]
    assert (blob.read_text(), blob.is_symlink(), blob.stat().st_nlink) == (CONTENT, False, 1)
    assert source.read_text() == CONTENT
    dam("verify", "--content")
    # What has the bytes of the blob need not be kept twice
    assert [path.name for path in quarantine(dam)] == ([] if how == "hard link" else [f"{blob.name}.1"])


def test_what_stands_in_the_place_of_a_blob_is_not_read(dam: Dam, source: Path, blob: Path) -> None:
    """Nobody writes to the pipe: opening it would wait for ever. Nor is it decoded or taken for a file."""
    replace(blob, "pipe", source)
    dam("verify", "--content", code=4)
    assert dam("find-file-by-hash", blob.name, "--json").json["matches"][0]["stored_path"] is None


def test_a_blob_that_a_link_stands_for_is_damage(dam: Dam, source: Path, blob: Path) -> None:
    replace(blob, "link", source)
    assert dam("verify", "--content", "--json", code=4).json_lines[0]["entity_id"] == 1


def test_a_link_on_purpose_is_no_copy_of_another_file(dam: Dam, source: Path) -> None:
    """Who writes to the linked file would change what is left of the one that was moved."""
    [outcome] = add(dam, source, "--mode", "hardlink")
    twin = file_with(source.with_name("b.txt"))
    assert add(dam, twin, "--mode", "copy")[0]["healed"] is None  # the user has linked it
    assert place_of(dam, outcome["sha256"]).samefile(source)
    add(dam, twin, "--mode", "move")
    assert not twin.exists()
    source.write_text("changed")
    assert place_of(dam, outcome["sha256"]).read_text() == CONTENT
    dam("verify", "--content")


def test_a_linked_file_can_be_moved(dam: Dam, source: Path) -> None:
    [outcome] = add(dam, source, "--mode", "hardlink")
    assert add(dam, source, "--mode", "move")[0]["error"] is None
    assert not source.exists()
    assert place_of(dam, outcome["sha256"]).read_text() == CONTENT


def test_a_writable_blob_is_replaced_before_its_twin_is_moved(dam: Dam, source: Path, blob: Path) -> None:
    blob.chmod(0o644)
    with blob.open("r+") as writer:
        add(dam, source, "--mode", "move")
        writer.write("WHAT")
    assert not source.exists()
    assert (blob.read_text(), blob.stat().st_mode & 0o222) == (CONTENT, 0)


# ---- rot


@pytest.mark.parametrize("arguments", [["--rehash"], ["--mode", "move"]])
def test_rot_is_healed_by_its_source(dam: Dam, source: Path, blob: Path, arguments: list[str]) -> None:
    rot(blob)
    [outcome] = add(dam, source, *arguments)
    assert (outcome["status"], outcome["error"]) == ("unchanged", None)
    assert "does not match" in outcome["healed"]
    assert blob.read_text() == CONTENT
    assert [path.read_text() for path in quarantine(dam)] == ["W" + CONTENT[1:]]
    dam("verify", "--content")


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_rot_is_healed_by_a_copy(dam: Dam, source: Path, blob: Path, jobs: str) -> None:
    rot(blob)
    twin = file_with(source.with_name("b.txt"))
    done = dam("add-asset", "-j", jobs, twin, twin, "--json")
    assert [line["status"] for line in done.json_lines[:-1]] == ["linked", "unchanged"]
    assert done.json_lines[-1]["summary"]["healed"] == 1
    assert "1 damaged" in done.err
    assert blob.read_text() == CONTENT
    dam("verify", "--content")


def test_large_rot_is_healed(dam: Dam, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.services.ingest.staging.MAX_IN_MEMORY_BYTES", 3)
    [outcome] = add(dam, source)
    rot(place_of(dam, outcome["sha256"]))
    assert add(dam, source, "--rehash")[0]["healed"]
    assert place_of(dam, outcome["sha256"]).read_text() == CONTENT


def test_an_orphan_that_has_rotted_is_not_adopted(dam: Dam, source: Path, blob: Path) -> None:
    """A killed run left the blob, and nobody knows since when it lies there."""
    database = dam.folder / "dam.sqlite3"
    fresh = shutil.copyfile(database, database.with_name("other.sqlite3"))
    other = Dam(dam.folder, dam.env | {"DATABASE_URL": f"sqlite:///{fresh}", "ASSET_STORAGE_PATH": str(dam.store)})
    [outcome] = add(other, file_with(source.with_name("c.txt"), "C" * len(CONTENT)))
    orphan = place_of(dam, outcome["sha256"])
    rot(orphan)
    [adopted] = add(dam, source.with_name("c.txt"))
    assert (adopted["status"], bool(adopted["healed"])) == ("added", True)
    assert orphan.read_text() == "C" * len(CONTENT)
    assert blob.exists()


def test_a_sound_blob_heals_nothing(dam: Dam, source: Path, blob: Path) -> None:
    inode = blob.stat().st_ino
    for arguments in ([], ["--rehash"]):
        [outcome] = add(dam, source, *arguments)
        assert outcome["healed"] is None
    assert (blob.stat().st_ino, quarantine(dam)) == (inode, [])
