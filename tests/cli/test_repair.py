"""`repair`: each kind of damage is healed, and what cannot be healed is named."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import shared
from tests.cli.test_mirrors import blobs, spoil
from tests.conftest import PICTURES, Dam, dam_in


def make_filled(folder: Path) -> None:
    shutil.copytree(shared.folder() / "library", folder)
    shutil.copytree(PICTURES, folder / "in")
    dam_in(folder)("add-asset", "-j0", folder / "in", "-q", "--tags", "sea")
    shutil.rmtree(folder / "in")


@pytest.fixture
def filled(empty_library_folder: Path, tmp_path: Path) -> Dam:
    """A library of eight pictures, whose sources are gone, and a folder with copies under other names: `copies`."""
    del empty_library_folder  # it has been made
    (tmp_path / "copies").mkdir()
    for number, path in enumerate(sorted(PICTURES.iterdir())):
        shutil.copy2(path, tmp_path / "copies" / f"copy-{number}")
    return dam_in(Path(shutil.copytree(shared.made_once("repairable", make_filled), tmp_path / "library")))


def repairs(dam: Dam, *options: str | Path, code: int = 0) -> list[dict[str, Any]]:
    return [each for each in dam("repair", *options, "--json", code=code).json_lines if "summary" not in each]


def test_nothing_to_repair(filled: Dam) -> None:
    assert repairs(filled, "--content") == []


def damage_all(dam: Dam) -> dict[str, Path]:
    """Damage a blob in each way; return them by kind."""
    paths = sorted(dam.store.glob("??/??/*"))
    kinds = ("missing", "rotted", "cut", "link", "pipe", "misplaced", "writable", "linked")
    by_kind = dict(zip(kinds, paths, strict=True))
    by_kind["missing"].unlink()
    spoil(by_kind["rotted"], bytes(by_kind["rotted"].stat().st_size))
    spoil(by_kind["cut"], by_kind["cut"].read_bytes()[:100])
    by_kind["link"].rename(dam.folder / "elsewhere")
    by_kind["link"].symlink_to(dam.folder / "elsewhere")
    by_kind["pipe"].unlink()
    os.mkfifo(by_kind["pipe"])
    (dam.store / "00").mkdir(exist_ok=True)
    by_kind["misplaced"].rename(dam.store / "00" / by_kind["misplaced"].name)
    by_kind["writable"].chmod(0o644)
    os.link(by_kind["linked"], dam.folder / "second-name")
    return by_kind


@pytest.mark.parametrize("where", ["folder", "mirror"])
def test_every_damage_of_blobs(filled: Dam, tmp_path: Path, where: str) -> None:
    whole = blobs(filled.store)
    if where == "mirror":
        filled("store", "add", "m", tmp_path / "mirror")
        filled("store", "sync")
    options = ["--content", *(["--from", str(tmp_path / "copies")] if where == "folder" else [])]
    by_kind = damage_all(filled)
    planned = repairs(filled, *options, "--dry-run")
    assert {each["result"] for each in planned} == {"planned"}
    assert by_kind["pipe"].is_fifo()
    done = repairs(filled, *options)
    assert {each["sha256"]: (each["action"], each["result"]) for each in done} == {
        path.name: ("move" if kind == "misplaced" else "protect" if kind in ("writable", "linked") else "heal", "done")
        for kind, path in by_kind.items()
    }
    assert blobs(filled.store) == whole
    assert {path.stat().st_mode & 0o222 for path in filled.store.glob("??/??/*")} == {0}
    assert {path.stat().st_nlink for path in filled.store.glob("??/??/*")} == {1}
    assert filled("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 8
    quarantined = {path.name.partition(".")[0] for path in filled.store.glob("quarantine/*")}
    assert quarantined == {by_kind[kind].name for kind in ("rotted", "cut", "link", "pipe")}
    assert repairs(filled) == []


def test_what_has_no_copy_is_left(filled: Dam) -> None:
    by_kind = damage_all(filled)
    left = {each["sha256"]: each["detail"] for each in repairs(filled, code=4) if each["result"] == "left"}
    assert set(left) == {by_kind[kind].name for kind in ("missing", "cut", "link", "pipe")}
    assert {"--from" in detail for detail in left.values()} == {True}


def test_what_verify_has_set_aside_is_healed_from_the_sources(pictured: Dam) -> None:
    bad = next(pictured.store.glob("??/??/*"))
    spoil(bad, bytes(bad.stat().st_size))
    pictured("verify", "--content", code=4)
    assert [(each["action"], each["result"]) for each in repairs(pictured)] == [("heal", "done")]
    pictured("verify", "--content")


def test_a_blob_without_an_asset_is_adopted(filled: Dam) -> None:
    content = b"only in the store"
    key = hashlib.sha256(content).hexdigest()
    orphan = filled.store / key[:2] / key[2:4] / key
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(content)
    orphan.chmod(0o444)
    filled("verify", code=4)
    [adopted] = repairs(filled)
    assert (adopted["action"], adopted["result"], adopted["entity_id"]) == ("adopt", "done", 9)
    filled("verify", "--content")
    filled("run-systems")
    assert filled("show", "9", "--json").json["components"]["file_properties"][0]["media_type"] == "text/plain"


def test_an_adopted_blob_has_the_name_that_the_manifest_knows(filled: Dam) -> None:
    name = filled("show", "1", "--json").json["components"]["file_properties"][0]["original_filename"]
    with closing(sqlite3.connect(filled.folder / "dam.sqlite3")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM entities WHERE id = 1")
    [adopted] = repairs(filled)
    assert (adopted["action"], adopted["name"]) == ("adopt", name)


def test_an_older_database_gets_what_the_manifest_has(filled: Dam, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("new")
    database = (filled.folder / "dam.sqlite3").read_bytes()
    filled("add-asset", "-j0", tmp_path / "new.txt", "--tags", "lake")
    (filled.folder / "dam.sqlite3").write_bytes(database)  # a backup
    (tmp_path / "new.txt").unlink()
    assert any(each.get("problem") == "manifest" for each in filled("verify", "--json", code=4).json_lines)
    assert {(each["action"], each["result"]) for each in repairs(filled)} == {("manifest", "done")}
    filled("verify", "--content")
    assert filled("tag", "ls", "--json").json["tags"] == {"lake": 1, "sea": 8}


@pytest.mark.parametrize("how", ["gone", "flipped", "cut"])
def test_the_manifest_is_written_again(filled: Dam, how: str) -> None:
    for tag in ("one", "two", "three"):  # the database no longer keeps what the manifest has for certain
        filled("tag", "add", "1", tag)
    [segment] = filled.store.glob("manifest/*.jsonl")
    whole = segment.read_bytes()
    middle = len(whole) // 2
    damaged = {"gone": None, "flipped": whole[:middle] + b"\xff" + whole[middle + 1 :], "cut": whole[:middle]}[how]
    segment.unlink()
    if damaged is not None:
        segment.write_bytes(damaged)
    found = [each for each in filled("verify", "--json", code=4).json_lines if "problem" in each]
    assert {each["problem"] for each in found} == {"manifest"}
    assert {(each["action"], each["result"]) for each in repairs(filled)} == {("manifest", "done")}
    filled("verify", "--content")


def test_a_referenced_file_that_was_moved(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.txt").write_text("some words")
    dam("add-asset", "-j0", "--mode", "reference", "--tags", "sea", tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    dam("verify", code=4)
    [left] = repairs(dam, code=4)
    assert (left["action"], left["result"]) == ("relink", "left")
    [planned] = repairs(dam, "--from", tmp_path / "new", "--dry-run")
    assert (planned["result"], planned["path"]) == ("planned", str(tmp_path / "new" / "a.txt"))
    [done] = repairs(dam, "--from", tmp_path / "new")
    assert (done["entity_id"], done["result"]) == (1, "done")
    dam("verify", "--content")
    assert dam("tag", "ls", "1", "--json").json["tags"] == ["sea"]
    components = dam("show", "1", "--json").json["components"]["source_path"]
    assert [each["path_display"] for each in components] == [str(tmp_path / "new" / "a.txt")]


def test_rows_of_the_database(filled: Dam) -> None:
    with closing(sqlite3.connect(filled.folder / "dam.sqlite3")) as connection, connection:
        connection.execute("INSERT INTO component_tag (entity_id, tag, tag_key) VALUES (99, 'lost', 'lost')")
        connection.execute("DELETE FROM component_file_properties WHERE entity_id = 1")
        connection.execute("DELETE FROM component_file_location WHERE entity_id = 2")
        connection.execute("DELETE FROM component_content_hash_sha256 WHERE entity_id = 3")
        connection.execute("UPDATE component_content_hash_sha256 SET hash_value = zeroblob(32) WHERE entity_id = 4")
    filled("verify", code=4)
    done = repairs(filled)
    assert {each["result"] for each in done} == {"done"}
    assert {each["entity_id"] for each in done if each["action"] == "complete"} == {1, 2, 3, 4}
    assert filled("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 8
    assert filled("tag", "ls", "--json").json["tags"] == {"sea": 8}


INDEX = "ix_component_source_path_folder_digest"


def test_an_index_of_the_database(filled: Dam) -> None:
    """Entries of an index are made those of another: REINDEX makes them again from the table."""
    database = filled.folder / "dam.sqlite3"
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        [sql] = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'ix_component_source_path_folder_digest'"
        )
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'folder_digest)', 'path_digest)') WHERE name = ?", [INDEX]
        )
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(f"REINDEX {INDEX}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [*sql, INDEX])
    *found, _ = filled("verify", "--json", code=4).json_lines
    assert {each["problem"] for each in found} == {"database"}
    assert {each["result"] for each in repairs(filled)} == {"done"}
    filled("verify")


FOREIGN = b"6ba7b810-9dad-11d1-80b4-00c04fd430c8\n"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"flipped"])
def test_the_marker(filled: Dam, content: bytes | None) -> None:
    marker = filled.store / "dam-library-id"
    whole = marker.read_bytes()
    marker.unlink()
    if content is not None:
        flipped = (b"e" if whole[:1] != b"e" else b"f") + whole[1:]
        marker.write_bytes(flipped if content == b"flipped" else content)
    assert filled("verify", code=None).code in (5, 10)
    assert [(each["action"], each["result"]) for each in repairs(filled, "--dry-run")] == [("marker", "planned")]
    assert [(each["action"], each["result"]) for each in repairs(filled)] == [("marker", "done")]
    assert marker.read_bytes() == whole
    filled("verify")


def test_the_marker_of_another_library_stays(filled: Dam) -> None:
    marker = filled.store / "dam-library-id"
    marker.unlink()
    marker.write_bytes(FOREIGN)
    assert "belong together" in filled("repair", code=10).err
    assert marker.read_bytes() == FOREIGN


def test_a_store_that_is_not_mounted_gets_no_marker(filled: Dam) -> None:
    filled.store.rename(filled.folder / "away")
    filled.store.mkdir()
    assert "is it mounted" in filled("repair", code=10).err
    assert list(filled.store.iterdir()) == []
