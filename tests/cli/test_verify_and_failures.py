"""`verify` and `failures` as a user meets them."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from dam.core.errors import DecodeError
from dam.media.images import decoding
from tests.cli.conftest import change_modes
from tests.conftest import PICTURES, Dam

MakeImage = Callable[..., Path]
Mount = Callable[..., None]


def test_every_problem_in_text_and_json(pictured: Dam) -> None:
    assert "8 assets sound" in pictured("verify", "--content").err
    missing, altered, cut, *_ = sorted(pictured.store.glob("??/??/*"))
    missing.unlink()
    altered.chmod(0o644)
    altered.write_bytes(bytes(altered.stat().st_size))
    altered.chmod(0o444)
    cut.chmod(0o644)
    os.truncate(cut, 10)
    cut.chmod(0o444)
    orphan = pictured.store / "00" / "11" / f"0011{'0' * 60}"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("?")
    with closing(sqlite3.connect(pictured.folder / "dam.sqlite3")) as connection, connection:
        [owner] = connection.execute(
            "SELECT entity_id FROM component_content_hash_sha256 WHERE lower(hex(hash_value)) = ?", (altered.name,)
        ).fetchone()
        connection.execute("INSERT INTO entities (created_at) VALUES (CURRENT_TIMESTAMP)")

    *lines, last = pictured("verify", "--json", code=4).json_lines
    assert sorted({line["problem"] for line in lines}) == ["altered", "dangling", "missing", "orphaned"]
    found = {name: count for name, count in last["summary"].items() if count and name != "bytes"}
    assert found == {"sound": 6, "missing": 1, "altered": 1, "orphaned": 1, "dangling": 3}
    *lines, last = pictured("verify", "--content", "--no-quarantine", "--json", code=4).json_lines
    assert last["summary"]["altered"] == 2
    assert last["summary"]["read"] == last["summary"]["sound"] == 5
    assert {line["quarantined"] for line in lines} == {None}
    done = pictured("verify", "--content", code=4)
    assert f"entity {owner}" in next(line for line in done.out.splitlines() if altered.name in line)
    assert "5 assets sound" in done.err
    assert "2 altered" in done.err
    assert len(list(pictured.store.glob("quarantine/*"))) == 2
    *_, last = pictured("verify", "--content", "--json", code=4).json_lines
    assert (last["summary"]["altered"], last["summary"]["missing"], last["summary"]["quarantined"]) == (0, 3, 2)


def test_a_part_of_the_content(pictured: Dam) -> None:
    for bad in (["--max-time", "soon"], ["--subset", "0%"], ["--subset", "101"], ["--store", "x", "--min-copies", "2"]):
        pictured("verify", *bad, code=2)
    seen = 0
    for options in (["--max-time", "0s"], ["--subset", "1%"], ["--subset", "100%", "--max-time", "1h30m"]):
        [last] = pictured("verify", *options, "--json").json_lines
        assert last["summary"]["sound"] == 8
        seen += last["summary"]["read"]
    assert seen == 1 + 1 + 8


def damage_database(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_the_database_checks_itself(dam: Dam) -> None:
    """An index that lacks rows, and rows of an asset that does not exist: each query may answer as if nothing was."""
    dam("add-asset", "-j0", PICTURES, "-q", "--tags", "sea")
    database = dam.folder / "dam.sqlite3"
    damage_database(
        database,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'REFERENCES entities', 'REFERENCES  entities')",  # no damage
        "INSERT INTO component_tag (entity_id, tag, tag_key) VALUES (99, 'lost', 'lost')",
        "CREATE TABLE other (a)",
        "INSERT INTO other VALUES (1)",
        "CREATE INDEX other_a ON other (a)",
        "UPDATE sqlite_schema SET rootpage ="
        " (SELECT rootpage FROM sqlite_schema WHERE name = 'ix_operations_created_at')"
        " WHERE name = 'other_a'",
    )
    *found, last = dam("verify", "--json", code=4).json_lines
    details = [each["detail"] for each in found if each["problem"] == "database"]
    assert any("other_a" in detail for detail in details), details
    assert any("component_tag refer to rows of entities" in detail for detail in details), details
    assert last["summary"]["sound"] == 8


def test_a_database_that_sqlite_calls_damaged(pictured: Dam) -> None:
    database = pictured.folder / "dam.sqlite3"
    whole = database.read_bytes()
    hint = "dam-cli restore"
    for offset, length in ((0, 100), (4096, 4096), (8192, len(whole) - 8192)):
        database.write_bytes(whole[:offset] + bytes([255]) * length + whole[offset + length :])
        done = pictured("verify", "--json", code=4)
        assert any(each.get("problem") == "database" and hint in each["detail"] for each in done.json_lines), done
        for command in (["info"], ["tag", "ls"], ["failures"], ["store", "ls"]):
            other = pictured(*command, code=None)
            assert other.code in (0, 1) or (other.code == 5 and hint in other.err), other


def test_a_read_only_library_can_be_verified(pictured: Dam, mount: Mount, tmp_path: Path) -> None:
    mount("--bind", pictured.folder, pictured.folder)
    mount("-o", "remount,bind,ro", pictured.folder)
    assert pictured("verify", "--content", "--json", cwd=tmp_path).json_lines[-1]["summary"]["sound"] == 8


def test_no_failures(dam: Dam) -> None:
    assert dam("failures", code=1).out == ""
    assert dam("failures", "--json", code=1).out == ""
    assert dam("failures", "--retry").out == ""


def add_listed(dam: Dam, *paths: Path, options: Sequence[str] = ()) -> None:
    """Add paths of a list, at which there is nothing; those named by hand would be mistakes, and not remembered."""
    dam("add-asset", "-j0", "--files-from", "-", *options, input=b"\n".join(map(os.fsencode, paths)), code=3)


def test_what_could_not_be_read_is_remembered_until_it_comes_in(dam: Dam, tmp_path: Path) -> None:
    name = tmp_path / os.fsdecode(b"caf\xe9.txt")
    add_listed(dam, name)
    [line] = dam("failures", "--json").json_lines
    assert line["problem"] == "unreadable"
    assert line["path_hex"] == os.fsencode(name).hex()
    assert line["reason"] == "No such file or directory"
    assert r"caf\xe9.txt: No such file" in dam("failures").out
    dam("failures", "--retry", code=3)

    name.write_text("x")
    *_, summary, updates = dam("failures", "--retry", "--json").json_lines
    assert summary["summary"]["added"] == 1
    assert updates["summary"]["updated"] == 0
    dam("failures", code=1)


def test_a_path_is_tried_again_as_it_was_to_come_in(dam: Dam, tmp_path: Path) -> None:
    for name, options in (("moved", ["--mode", "move"]), ("tagged", ["--tags", "sea,holiday"])):
        add_listed(dam, tmp_path / name, options=options)
        (tmp_path / name).write_text(name)
    assert [(line["mode"], line["tags"]) for line in dam("failures", "--json").json_lines] == [
        ("move", []),
        ("copy", ["sea", "holiday"]),
    ]
    *lines, _, _ = dam("failures", "--retry", "--json").json_lines
    assert {line["status"] for line in lines} == {"added"}
    assert not (tmp_path / "moved").exists()
    assert (tmp_path / "tagged").exists()
    assert dam("tag", "ls", "--json").json["tags"] == {"holiday": 1, "sea": 1}


def test_what_will_never_come_in_can_be_forgotten(dam: Dam, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    add_listed(dam, *paths)
    assert "1 failure forgotten" in dam("failures", "--forget", "a", cwd=tmp_path).err
    dam("failures", "--forget", "a", cwd=tmp_path, code=1)
    paths[1].write_text("is there now")
    [line] = dam("failures", "--forget-gone", "--json").json_lines
    assert line["path"] == str(paths[2])
    assert [line["path"] for line in dam("failures", "--json").json_lines] == [str(paths[1])]
    dam("failures", "--retry", "--forget-gone", code=2)


@pytest.mark.parametrize("how", ["add-asset", "--retry"])
def test_a_file_that_failed_and_is_as_before_is_forgotten(dam: Dam, tmp_path: Path, how: str) -> None:
    (tmp_path / "a").write_text("a")
    dam("add-asset", "-j0", tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    add_listed(dam, tmp_path / "a")
    (tmp_path / "b").rename(tmp_path / "a")
    dam(*(["add-asset", tmp_path / "a"] if how == "add-asset" else ["failures", how]))
    dam("failures", code=1)


def test_a_folder_that_can_be_read_again_is_forgotten(guest: Dam) -> None:
    closed = guest.folder / "in" / "closed"
    closed.mkdir(parents=True)
    (closed / "a").write_text("a")
    change_modes(closed, 0)
    guest("add-asset", "-j0", guest.folder / "in", code=3)
    [line] = guest("failures", "--json").json_lines
    assert line["path"] == str(closed)
    closed.chmod(0o755)
    assert guest("failures", "--retry", "-j0", "--json").json_lines[0]["status"] == "added"
    guest("failures", code=1)


def refuse(*_arguments: object) -> NoReturn:
    raise DecodeError("the decoder is broken")


def test_what_could_not_be_decoded_is_decoded_when_the_decoder_works(
    dam: Dam, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(decoding, "decode", refuse)
        dam("add-asset", "-j0", make_image("a.png"), make_image("b.png", seed=2), code=3)
    first, second = dam("failures", "--json").json_lines
    assert (first["problem"], first["entity_id"], first["name"]) == ("undecodable", 1, "a.png")
    assert second["reason"] == "the decoder is broken"
    assert {"image_ahash", "image_dhash", "image_dimensions", "image_luma", "image_phash"} <= set(second["systems"])
    with monkeypatch.context() as broken:
        broken.setattr(decoding, "decode", refuse)
        dam("failures", "--retry", "-j0", code=3)
    assert len(dam("failures", "--json").json_lines) == 2
    *_, last = dam("failures", "--retry", "-j0", "--json").json_lines
    assert last["summary"]["updated"] == 2
    dam("failures", code=1)
    assert "dimensions" in dam("show", "1", "--all").out


DEADLY = """
import os, signal
from dam.media.images import decoding as image
decode = image.decode
def die(stream, media_type):
    if stream.read(4) == b"GIF8":
        os.kill(os.getpid(), signal.SIGSEGV)
    stream.seek(0)
    return decode(stream, media_type)
image.decode = die
"""


def test_a_decoder_that_dies_costs_one_file_in_every_command(dam: Dam, tmp_path: Path, make_image: MakeImage) -> None:
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly" / "sitecustomize.py").write_text(DEADLY)
    deadly = {"PYTHONPATH": f"{tmp_path}/deadly"}
    make_image("in/a.png")
    make_image("in/b.gif", seed=2)
    make_image("in/c.png", seed=3)
    *lines, last = dam("add-asset", tmp_path / "in", "--json", env=deadly, code=3).json_lines
    assert [line["error"] for line in lines] == [None, "decoding crashed (SIGSEGV)", None]
    assert last["summary"]["undecodable"] == 1
    dam("failures", "--retry", env=deadly, code=3)
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM system_records")
    *lines, _ = dam("run-systems", "--json", env=deadly, code=3).json_lines
    assert [line["error"] for line in lines] == [None, "decoding crashed (SIGSEGV)", None]
    dam("failures", "--retry")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_any_number_of_jobs_gives_the_same_library(dam: Dam, make_image: MakeImage, jobs: str) -> None:
    """The same rows, but for ids and times, and the same output."""
    for number in range(20):
        make_image(f"in/{number:02}.png", seed=number % 15, size=(40, 30))
    folder = make_image("in/x.jpg", seed=99).parent
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    (folder / "notes.txt").write_text("notes")
    other = Dam(dam.folder / "other", dam.env | {"DATABASE_URL": f"sqlite:///{dam.folder}/other/dam.sqlite3"})
    other.folder.mkdir()
    here = other("add-asset", folder, "-j0", code=3)
    there = dam("add-asset", folder, f"-j{jobs}", code=3)
    assert (here.out, here.err) == (there.out, there.err)
    assert rows(other) == rows(dam)


WITHOUT = ("id", "created_at", "updated_at", "ctime_ns")
"""What differs between equal libraries. The change time is recorded only of a file that was two seconds old when it was
read; of one that the test has just made, this depends on how busy the machine is."""


def rows(dam: Dam) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'component_%' AND type = 'table'")
        found = {}
        for (table,) in tables.fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(column for column in columns if column not in WITHOUT)
            found[table] = sorted(connection.execute(f"SELECT {kept} FROM {table}").fetchall())
        return found


def test_no_process_is_left(dam: Dam, make_image: MakeImage) -> None:
    """Workers and their server have the program's output too: it ends when the last of them has."""
    command: list[str | Path] = [*dam.command, "add-asset", make_image("a.png"), "-j2"]
    process = subprocess.Popen(command, env=dam.env, cwd=dam.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.communicate(timeout=500)
    assert process.returncode == 0
