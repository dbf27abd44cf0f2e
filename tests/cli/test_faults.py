"""Signals, closed pipes, full disks, locks, and libraries that are damaged, read-only or elsewhere."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import change_modes
from tests.conftest import PICTURES, Dam

Start = Callable[..., "subprocess.Popen[str]"]
Mount = Callable[..., None]

MANY = 800


def temporary(dam: Dam) -> list[Path]:
    return list((dam.store / "tmp").rglob("*")) if (dam.store / "tmp").exists() else []


def blobs(dam: Dam) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in dam.store.glob("??/??/*")}


def assert_whole(dam: Dam) -> None:
    """No row without its blob, and no blob whose bytes differ from its name."""
    import hashlib

    stored = blobs(dam)
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in stored.items())
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        known = connection.execute("SELECT lower(hex(hash_value)) FROM component_content_hash_sha256").fetchall()
    assert {name for (name,) in known} <= set(stored)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder with more files than one batch has, and whose report is more than a pipe holds."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:04}-{'x' * 100}.txt").write_text(str(number))
    return folder


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_in_order_and_the_same_command_continues(
    dam: Dam, many: Path, start: Start, sent: int, code: int
) -> None:
    process = start("add-asset", many, "--json")
    assert process.stdout
    first = json.loads(process.stdout.readline())
    assert process.stderr
    process.send_signal(sent)
    out, err = process.stdout.read(), process.stderr.read()
    assert process.wait() == code, err
    assert "Traceback" not in err
    assert_whole(dam)

    reported = [first, *(line for line in map(json.loads, out.splitlines()) if "summary" not in line)]
    assert 0 < len(reported) < MANY
    *lines, last = dam("add-asset", many, "--json").json_lines
    unchanged = {line["path"] for line in lines if line["status"] == "unchanged"}
    assert {line["path"] for line in reported} <= unchanged
    assert last["summary"]["added"] + len(unchanged) == MANY
    assert temporary(dam) == []  # on a busy machine, the first one may have had no time to remove its files


def test_a_closed_pipe_is_no_error_to_show(dam: Dam, many: Path, start: Start) -> None:
    for arguments in (["add-asset", many], ["add-asset", many, "--json"]):
        process = start(*arguments)
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 141
        assert temporary(dam) == []


def test_a_pipe_that_was_never_open(dam: Dam) -> None:
    dam("add-asset", "-j0", PICTURES / "dunes.tif")
    for words in ("info", "show 1 --json", "--help", "--version"):
        command = f"exec {' '.join(dam.command)} {words} >&-"
        done = subprocess.run(["sh", "-c", command], env=dam.env, cwd=dam.folder, capture_output=True, check=False)
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr


def test_a_full_device_for_the_output(dam: Dam) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*dam.command, "info"], env=dam.env, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 5
    assert b"No space left" in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_full_disk(dam: Dam, mount: Mount, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    room = (dam.folder / "dam.sqlite3").stat().st_size + 280_000  # for the picture, and not for all files
    mount("-t", "tmpfs", "-o", f"size={room}", "tmpfs", small)
    shutil.copytree(dam.folder, small / "library")
    on_small = Dam(small / "library", dam.env | {"DATABASE_URL": f"sqlite:///{small}/library/dam.sqlite3"})
    dam.env = on_small.env
    on_small("add-asset", PICTURES / "leaves.avif", "-q")
    for number in range(12):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(60_000))
    done = on_small("add-asset", tmp_path, code=5)
    assert "No space left" in done.err or "disk is full" in done.err
    assert temporary(on_small) == []
    assert_whole(on_small)
    assert on_small("find-file-by-hash", "-f", PICTURES / "leaves.avif", "--json").json["matches"]

    mount("-o", "remount,size=4m", small)
    assert on_small("add-asset", tmp_path, "-q", "--json").json_lines[-1]["summary"]["failed"] == 0
    assert_whole(on_small)


def test_a_read_only_library_answers_and_refuses_to_grow(guest: Dam) -> None:
    os.chmod(guest.folder, 0o777)
    guest("add-asset", "-j0", PICTURES, "-q")
    new = guest.folder / "new.txt"
    new.write_text("new")
    change_modes(guest.folder, 0o555)
    (guest.folder / "dam.sqlite3").chmod(0o444)
    (guest.folder / "home").chmod(0o755)
    dunes = PICTURES / "dunes.tif"
    assert guest("find-file-by-hash", "-f", dunes, "--json").json["matches"][0]["names"] == ["dunes.tif"]
    assert "520×347" in guest("show", dunes).out
    assert guest("find-similar-images", dunes, "--json").json["matches"][0]["identical"]
    assert guest("info", "--json").json["entities"] == 8
    assert guest("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 8
    assert guest("tag", "ls", code=1).err == ""
    refused = guest("add-asset", "-j0", new, code=5).err
    assert "Permission denied" in refused or "readonly" in refused
    assert "readonly" in guest("tag", "add", "1", "sea", code=5).err


def test_a_library_on_a_read_only_mount(pictured: Dam, mount: Mount, tmp_path: Path) -> None:
    mount("--bind", pictured.folder, pictured.folder)
    mount("-o", "remount,bind,ro", pictured.folder)
    dunes = PICTURES / "dunes.tif"
    assert pictured("find-file-by-hash", "-f", dunes, "--json", cwd=tmp_path).json["matches"]
    assert pictured("show", dunes, "--json").json["entity_id"]
    (tmp_path / "new.txt").write_text("new")
    assert "Read-only file system" in pictured("add-asset", tmp_path / "new.txt", code=5).err
    assert pictured("add-asset", dunes, "--json").json_lines[0]["status"] == "unchanged"


def test_a_locked_database(dam: Dam, tmp_path: Path) -> None:
    """A writer elsewhere makes writers wait and then give up; readers go on until it commits."""
    dam("add-asset", "-j0", PICTURES / "dunes.tif")
    (tmp_path / "new.txt").write_text("new")
    short = {"DAM_LOCK_TIMEOUT": "0.2"}
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for words in (["add-asset", tmp_path / "new.txt"], ["tag", "add", "1", "sea"], ["setup-db"]):
            assert "DAM_LOCK_TIMEOUT" in dam(*words, env=short, code=11).err
        assert dam("find-file-by-hash", "-f", PICTURES / "dunes.tif", "--json", env=short).json["matches"]
        assert dam("info", "--json", env=short).json["entities"] == 1
        other.execute("ROLLBACK")
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in dam("show", "1", env=short, code=11).err
    assert temporary(dam) == []
    assert dam("add-asset", tmp_path / "new.txt", "--json").json_lines[0]["status"] == "added"


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_database_is_named(dam: Dam, content: bytes) -> None:
    (dam.folder / "dam.sqlite3").write_bytes(content)
    for words in (["info"], ["add-asset", PICTURES], ["setup-db"]):
        done = dam(*words, code=5)
        assert "dam.sqlite3" in done.err
        assert "internal error" not in done.err
    assert (dam.folder / "dam.sqlite3").read_bytes() == content


def test_a_database_with_a_hole_is_named(pictured: Dam) -> None:
    path = pictured.folder / "dam.sqlite3"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: 4096 * 2].ljust(size, b"\xa5"))
    for words in (["info"], ["show", "1"], ["add-asset", PICTURES]):
        done = pictured(*words, code=5)
        assert "dam.sqlite3" in done.err
        assert "internal error" not in done.err


def test_places_where_no_library_can_be(fresh_dam: Dam) -> None:
    (fresh_dam.folder / "folder").mkdir()
    (fresh_dam.folder / "file").write_text("x")
    for place in ("folder", "file/dam.sqlite3", "x" * 300):
        url = f"sqlite:///{fresh_dam.folder}/{place}"
        done = fresh_dam("add-asset", PICTURES, code=5, env={"DATABASE_URL": url})
        assert place.partition("/")[0] in done.err
        assert "internal error" not in done.err


def test_a_home_that_may_not_be_written(guest: Dam) -> None:
    del guest.env["DATABASE_URL"]
    guest.env["HOME"] = str(guest.folder / "home")
    for mode in (0o555, 0o000):
        (guest.folder / "home").chmod(mode)
        done = guest("add-asset", "-j0", PICTURES, code=5)
        assert "ermission denied" in done.err
        assert "internal error" not in done.err


def test_an_unmounted_or_foreign_store(dam: Dam, tmp_path: Path) -> None:
    dam("add-asset", "-j0", PICTURES / "dunes.tif")
    (tmp_path / "empty").mkdir()
    elsewhere = {"ASSET_STORAGE_PATH": str(tmp_path / "empty")}
    for words in (["add-asset", PICTURES], ["info"], ["setup-db"]):
        assert "mounted" in dam(*words, env=elsewhere, code=10).err
    (tmp_path / "empty" / "dam-library-id").write_text("another")
    assert "another" in dam("info", env=elsewhere, code=10).err
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["dam-library-id"]


@pytest.mark.parametrize("how", ["--rehash", "copy"])
@pytest.mark.parametrize("left", [0, 100])
def test_a_truncated_blob_heals_when_its_content_comes_again(dam: Dam, tmp_path: Path, how: str, left: int) -> None:
    path = tmp_path / "dunes.tif"
    shutil.copy(PICTURES / "dunes.tif", path)
    sha256 = dam("add-asset", "-j0", path, "--json").json_lines[0]["sha256"]
    blob = dam.store / sha256[:2] / sha256[2:4] / sha256
    blob.chmod(0o644)
    os.truncate(blob, left)
    if how == "copy":
        path = path.rename(tmp_path / "copy.tif")
    dam("add-asset", path, *([how] if how == "--rehash" else []))
    assert blob.read_bytes() == path.read_bytes()
    assert [(kept.name, kept.stat().st_size) for kept in (dam.store / "quarantine").iterdir()] == [
        (f"{sha256}.1", left)
    ]
    assert_whole(dam)


def test_a_file_that_vanishes_is_reported(tmp_path: Path, start: Start) -> None:
    """The list comes through a pipe: the second name is sent only once the first file is in, and its file is gone."""
    (tmp_path / "first").write_text("first")
    (tmp_path / "gone").write_text("gone")
    listed = tmp_path / "list"
    os.mkfifo(listed)
    process = start("add-asset", "--files-from", listed, "--json")
    with listed.open("w") as names:
        names.write(f"{tmp_path}/first\n")
        (tmp_path / "gone").unlink()
        names.write(f"{tmp_path}/gone\n")
    out, _ = process.communicate()
    assert process.returncode == 3
    assert [json.loads(line).get("status") for line in out.splitlines()] == ["added", "failed", None]


def test_settings_that_make_no_sense(dam: Dam) -> None:
    for env in ({"DATABASE_URL": "mysql://\x1b[31m"}, {"DATABASE_URL": "nonsense"}, {"DAM_LOCK_TIMEOUT": "-1"}):
        [name] = env
        done = dam("info", env=env, code=2)
        assert name in done.err
        assert "\x1b" not in done.err
    assert "using INFO" in dam("info", env={"DAM_LOG_LEVEL": "loud"}).err
    (dam.folder / ".env").write_bytes(b"\xff\xfe=\x00")
    assert ".env" in dam("info", code=2).err
