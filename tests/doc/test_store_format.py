"""What the page tells people to do without dam."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conftest import PROJECT, Dam

PAGE = (PROJECT / "doc/store_format.md").read_text()


def block(language: str) -> str:
    texts: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [text] = texts
    return text


def restore(dam: Dam, target: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, "-c", block("python"), dam.folder / "dam.sqlite3", dam.store, target]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_files_come_back_under_their_names(dam: Dam, make_image: Callable[..., Path], tmp_path: Path) -> None:
    picture = make_image("photos/my lake.jpg")
    (tmp_path / "photos/empty").touch()
    dam("add-asset", "-j0", tmp_path / "photos")

    done = restore(dam, tmp_path / "back")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "back/1/empty").read_bytes() == b""
    assert (tmp_path / "back/2/my lake.jpg").read_bytes() == picture.read_bytes()


def test_a_bad_item_stops_no_restore(dam: Dam, tmp_path: Path) -> None:
    names = ("damaged", "gone", "long", "sound", "outside")
    for name in names:
        (tmp_path / name).write_text(name)
    *lines, _ = dam("add-asset", "-j0", "--json", *(tmp_path / name for name in names)).json_lines
    keys = dict(zip(names, (line["sha256"] for line in lines), strict=True))
    blobs = {name: dam.store / key[:2] / key[2:4] / key for name, key in keys.items()}
    blobs["damaged"].chmod(0o644)
    blobs["damaged"].write_text("DAMAGED")
    blobs["gone"].unlink()
    with sqlite3.connect(dam.folder / "dam.sqlite3") as connection:
        for name, other in (("long", "x" * 300), ("outside", "../outside")):
            statement = "UPDATE component_file_properties SET original_filename = ? WHERE original_filename = ?"
            connection.execute(statement, (other, name))
    done = restore(dam, tmp_path / "back")
    assert done.returncode == 1
    assert [line.split(" ")[:2] for line in done.stderr.splitlines()] == [["entity", str(id_)] for id_ in (1, 2, 3)]
    assert {path.name: path.read_text() for path in (tmp_path / "back").rglob("*") if path.is_file()} == {
        "damaged": "DAMAGED",
        keys["long"]: "long",
        "sound": "sound",
        keys["outside"]: "outside",
    }


def test_the_check_finds_the_damaged_blob_and_no_other(dam: Dam, make_image: Callable[..., Path]) -> None:
    dam("add-asset", make_image("a.jpg"), make_image("b.jpg", seed=2))
    check = ["sh", "-c", block("sh")]
    assert subprocess.run(check, cwd=dam.store, check=False).returncode == 0

    blob = next(path for path in dam.store.glob("??/??/*"))
    blob.chmod(0o644)
    blob.write_bytes(b"damage")
    done = subprocess.run(check, cwd=dam.store, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.count("FAILED") == 1
    assert blob.name in done.stdout


def test_the_manifest_can_be_read_without_dam(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    dam("add-asset", "-j0", tmp_path / "a.txt")
    read: list[str | Path] = [sys.executable, "-c", block("py"), dam.store]
    done = subprocess.run(read, capture_output=True, text=True, check=True)
    assert done.stdout == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 a.txt\n"
    segment = dam.store / "manifest/000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"a.txt", b"b.txt"))
    damaged = subprocess.run(read, capture_output=True, text=True, check=True)
    assert (damaged.stdout, damaged.stderr.count("is damaged")) == ("", 2)
