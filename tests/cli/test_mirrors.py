"""`store`: mirrors with copies of the blobs, and how many copies there are."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Dam


@pytest.fixture
def mirrored(pictured: Dam) -> Dam:
    """A library with a mirror, `m`, that has everything."""
    pictured("store", "add", "m", "mirror")
    pictured("store", "sync")
    return pictured


def blobs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("??/??/*")}


def spoil(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o444)


def test_a_mirror_gets_what_it_lacks(mirrored: Dam) -> None:
    mirror = mirrored.folder / "mirror"
    assert blobs(mirror) == blobs(mirrored.store)
    assert (mirror / "dam-library-id").read_text() == (mirrored.store / "dam-library-id").read_text()
    assert not list(mirror.glob("tmp/*"))
    assert {path.stat().st_mode & 0o222 for path in mirror.glob("??/??/*")} == {0}
    [state] = mirrored("store", "ls", "--json").json["mirrors"]
    assert (state["name"], state["location"], state["error"]) == ("m", str(mirror), None)
    [last] = mirrored("store", "sync", "m", "--json").json_lines
    assert last["summary"] == {"copied": 0, "bytes": 0, "failed": 0, "purged": 0, "purged_bytes": 0}
    [last] = mirrored("verify", "--store", "m", "--content", "--json").json_lines
    assert last["summary"]["read"] == 8


def test_damage_of_a_mirror_is_found_and_copied_again(mirrored: Dam) -> None:
    missing, altered, cut, link, *_ = sorted((mirrored.folder / "mirror").glob("??/??/*"))
    whole = blobs(mirrored.store)
    missing.unlink()
    spoil(altered, bytes(len(altered.read_bytes())))
    spoil(cut, b"")
    link.unlink()
    link.symlink_to(mirrored.store / link.relative_to(mirrored.folder / "mirror"))
    *found, _ = mirrored("verify", "--store", "m", "--content", "--json", code=4).json_lines
    assert {each["sha256"]: each["problem"] for each in found} == {
        missing.name: "missing",
        altered.name: "altered",
        cut.name: "altered",
        link.name: "irregular",
    }
    [last] = mirrored("store", "sync", "--json").json_lines
    assert last["summary"]["copied"] == 4
    assert blobs(mirrored.folder / "mirror") == whole
    assert mirrored("verify", "--store", "m", "--content", "--json").json_lines[-1]["summary"]["sound"] == 8
    assert mirrored("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 8


def test_a_damaged_blob_is_not_copied(pictured: Dam) -> None:
    bad = next(pictured.store.glob("??/??/*"))
    spoil(bad, bytes(bad.stat().st_size))
    pictured("store", "add", "m", "mirror")
    *found, last = pictured("store", "sync", "--json", code=3).json_lines
    assert [(each["sha256"], each["error"]) for each in found] == [(bad.name, "the blob is damaged")]
    assert last["summary"]["copied"] == 7


def test_too_few_copies(mirrored: Dam, tmp_path: Path) -> None:
    mirrored("verify", "--min-copies", "2")
    (tmp_path / "new.txt").write_text("new")
    mirrored("add-asset", "-j0", tmp_path / "new.txt")
    *found, _ = mirrored("verify", "--min-copies", "2", "--json", code=4).json_lines
    assert [(each["problem"], each["name"]) for each in found] == [("too_few_copies", "new.txt")]
    mirrored("store", "sync")
    mirrored("verify", "--min-copies", "2")
    (mirrored.folder / "mirror").rename(mirrored.folder / "elsewhere")
    *found, last = mirrored("verify", "--min-copies", "2", "--json", code=4).json_lines
    assert (last["summary"]["unreadable"], last["summary"]["too_few_copies"]) == (1, 9)


def test_folders_that_cannot_be_mirrors(dam: Dam, fresh_dam: Dam) -> None:
    (dam.folder / "full").mkdir()
    (dam.folder / "full" / "x").write_text("x")
    fresh_dam("setup-db")
    for folder, code in (
        (dam.store, 2),
        (dam.store / "inner", 2),
        (dam.folder, 2),
        (dam.folder / "full", 2),
        (fresh_dam.store, 10),
        (dam.folder / os.fsdecode(b"caf\xe9"), 2),
    ):
        dam("store", "add", "m", folder, code=code)
    dam("store", "add", "../m", "mirror", code=2)
    dam("store", "add", "m", "mirror")
    dam("store", "add", "m", "other", code=2)
    dam("store", "add", "n", "mirror", code=2)
    assert [each["name"] for each in dam("store", "ls", "--json").json["mirrors"]] == ["m"]


def test_a_mirror_that_is_not_mounted(mirrored: Dam) -> None:
    (mirrored.folder / "mirror").rename(mirrored.folder / "elsewhere")
    (mirrored.folder / "mirror").mkdir()
    assert "is it mounted" in mirrored("store", "sync", code=10).err
    assert "is it mounted" in mirrored("verify", "--store", "m", code=10).err
    assert "is it mounted" in mirrored("store", "ls").out
    assert list((mirrored.folder / "mirror").iterdir()) == []


def test_a_mirror_is_forgotten_and_taken_up_again(mirrored: Dam) -> None:
    mirrored("store", "rm", "m")
    mirrored("store", "rm", "m", code=1)
    mirrored("store", "ls", code=1)
    mirrored("store", "sync", code=1)
    mirrored("verify", "--content")
    (mirrored.folder / "dam.sqlite3").unlink()
    mirrored("rebuild-db")
    mirrored("store", "ls", code=1)
    assert blobs(mirrored.folder / "mirror") == blobs(mirrored.store)
    mirrored("store", "add", "again", "mirror")
    [last] = mirrored("store", "sync", "--json").json_lines
    assert last["summary"]["copied"] == 0


def test_a_mirror_keeps_what_the_library_has_not(mirrored: Dam) -> None:
    """It deletes nothing: what only the mirror has is no problem."""
    extra = mirrored.folder / "mirror" / "00" / "11" / f"0011{'0' * 60}"
    extra.parent.mkdir(parents=True)
    extra.write_text("?")
    mirrored("verify", "--store", "m")


def test_a_source_goes_once_there_are_enough_sound_copies(mirrored: Dam) -> None:
    source = mirrored.folder / "in" / "a.txt"
    source.parent.mkdir()
    source.write_text("content")
    move = ["add-asset", "-j0", "in", "--mode", "move", "--min-copies", "2", "--json"]
    [outcome, _] = mirrored(*move, code=3).json_lines
    assert "1 of 2 copies are sound: dam-cli store sync" in outcome["error"]
    mirrored("store", "sync")
    [copy] = [path for path in (mirrored.folder / "mirror").glob("??/??/*") if path.read_bytes() == b"content"]
    spoil(copy, b"c0ntent")
    assert "1 of 2 copies" in mirrored(*move, code=3).json_lines[0]["error"]
    spoil(copy, b"")
    copy.unlink()
    os.link(source, copy)
    assert "1 of 2 copies" in mirrored(*move, code=3).json_lines[0]["error"]
    copy.unlink()
    mirrored("store", "sync")
    three = [word if word != "2" else "3" for word in move]
    assert "2 of 3 copies" in mirrored(*three, code=3).json_lines[0]["error"]
    assert source.exists()
    assert mirrored(*move).json_lines[0]["error"] is None
    assert not source.exists()
    assert "--mode move" in mirrored("add-asset", "in", "--min-copies", "2", code=2).err


def test_a_mirror_that_is_the_store_itself_is_no_copy(mirrored: Dam) -> None:
    """As by a bind mount: the files are those of the store."""
    source = mirrored.folder / "a.txt"
    source.write_text("content")
    mirrored("add-asset", "-j0", "a.txt")
    mirror = mirrored.folder / "mirror"
    mirror.rename(mirrored.folder / "aside")
    mirror.symlink_to(mirrored.store)
    outcome, *_ = mirrored(
        *("add-asset", "-j0", "a.txt", "--mode", "move", "--min-copies", "2", "--json"), code=3
    ).json_lines
    assert "1 of 2 copies" in outcome["error"]


def test_emptying_the_trash_asks_the_mirrors_for_copies(dam: Dam) -> None:
    for name in ("a", "b"):
        (dam.folder / f"{name}.txt").write_text(name)
    dam("add-asset", "-j0", "a.txt")
    dam("store", "add", "m", "mirror")
    dam("store", "sync")
    dam("verify", "--content")
    dam("add-asset", "-j0", "b.txt")
    for name in ("a", "b"):
        (dam.folder / f"{name}.txt").unlink()
    dam("rm", "1", "2", "--yes")
    plan = dam("trash", "empty", "--dry-run", "--json").json
    assert (plan["last_copies"], plan["last_copy_ids"], plan["mirrors_failed"]) == (1, [2], [])
    assert "no other copy of 1 asset: entity 2." in dam("trash", "empty", "--dry-run").err
    (dam.folder / "mirror").rename(dam.folder / "unmounted")
    plan = dam("trash", "empty", "--dry-run", "--json").json
    assert plan["last_copy_ids"] == [1, 2]
    assert plan["mirrors_failed"][0].startswith("m: ")
    assert "the mirror m: " in dam("trash", "empty", "--dry-run").err
    assert rows(dam) == 2
    dam("trash", "empty", "--last-copies", "--yes")
    assert rows(dam) == 0


def rows(dam: Dam) -> int:
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection:
        return int(connection.execute("SELECT count(*) FROM blob_checks").fetchone()[0])


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_mirror_gives_what_the_store_has_not(mirrored: Dam, tmp_path: Path, harm: str) -> None:
    document, *_ = mirrored("where", "1", "--json").json_lines
    store, mirror, *sources = document["places"]
    assert [place["kind"] for place in (store, mirror, sources[0])] == ["store", "mirror", "source"]
    blob = Path(store["path"])
    content = blob.read_bytes()
    if harm == "damaged":
        spoil(blob, bytes(len(content)))
    else:
        blob.unlink()
    first, *_, last = mirrored("export", "id:1..2", "--to", tmp_path / "out", "--json").json_lines
    assert (first["status"], first["mirror"], first["error"]) == ("written", "m", None)
    assert Path(first["path"]).read_bytes() == content
    assert last["summary"]["failed"] == 0
    assert "mirror m" in mirrored("export", "id:1", "--to", tmp_path / "again").err
    spoil(Path(mirror["path"]), bytes(len(content)))
    failed, _ = mirrored("export", "id:1", "--to", tmp_path / "neither", "--json", code=3).json_lines
    assert failed["mirror"] is None
    assert not list((tmp_path / "neither").glob("*.*g"))


def test_where_names_a_mirror_that_is_away(mirrored: Dam) -> None:
    (mirrored.folder / "mirror").rename(mirrored.folder / "away")
    done = mirrored("where", "1")
    assert "the mirror m cannot be looked at" in done.err
    assert str(mirrored.folder / "mirror") not in done.out
