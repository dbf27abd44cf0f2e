"""What the page tells people to do without dam."""

import re
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


def test_the_files_come_back_under_their_names(dam: Dam, make_image: Callable[..., Path], tmp_path: Path) -> None:
    picture = make_image("photos/my lake.jpg")
    (tmp_path / "photos/empty").touch()
    dam("add-asset", "-j0", tmp_path / "photos")

    command: list[str | Path] = [
        sys.executable,
        "-c",
        block("python"),
        dam.folder / "dam.sqlite3",
        dam.store,
        tmp_path / "back",
    ]
    subprocess.run(command, check=True)
    assert (tmp_path / "back/1/empty").read_bytes() == b""
    assert (tmp_path / "back/2/my lake.jpg").read_bytes() == picture.read_bytes()


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
