"""where and open: the places that hold an asset now, and a file for other programs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Dam

MakeImage = Callable[..., Path]


def places(dam: Dam, *words: str | Path, code: int = 0) -> list[tuple[str, bool]]:
    [document] = dam("where", *words, "--json", code=code).json_lines
    return [(place["kind"], place["holds"]) for place in document["places"]]


def test_places_are_checked_now(dam: Dam, make_image: MakeImage, tmp_path: Path) -> None:
    picture = make_image("a.png")
    copy = tmp_path / "line\nbreak.png"
    copy.write_bytes(picture.read_bytes())
    dam("add-asset", "-j0", picture, copy)
    blob = next(dam.store.glob("??/??/*"))
    assert dam("where", "1").out.splitlines() == [str(blob), str(picture), str(copy).replace("\n", "\\n")]
    assert dam("where", "1", "--print0").out.split("\0") == [str(blob), str(picture), str(copy), ""]
    os.utime(picture, (1, 1))  # touched, with the same content
    copy.unlink()
    assert places(dam, "1") == [("store", True), ("source", True), ("source", False)]
    assert "is gone" in dam("where", "1").err
    picture.write_bytes(bytes(picture.stat().st_size))
    blob.unlink()
    assert places(dam, "1", code=1) == [("store", False), ("source", False), ("source", False)]


def test_several(dam: Dam, make_image: MakeImage) -> None:
    dam("add-asset", "-j0", make_image("a.png"), make_image("b.png", seed=2), "--tags", "sea")
    assert len(dam("where", "1", "2").out.splitlines()) == 4
    assert len(dam("where", "--query", "tag:sea").out.splitlines()) == 4
    assert len(dam("where", "-", input=b"2\n").out.splitlines()) == 2
    assert "no asset" in dam("where", "9", code=1).err


@pytest.fixture
def desktop(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an `xdg-open` that notes what it is to open, the only program that is found."""
    folder = dam.folder / "bin"
    folder.mkdir()
    program = folder / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {folder}/opened\n')
    program.chmod(0o755)
    # Another PATH would need another interpreter
    monkeypatch.setattr("shutil.which", lambda name: str(folder / name) if (folder / name).exists() else None)
    return folder


def test_a_copy_is_opened_that_nobody_can_write_to(dam: Dam, desktop: Path, make_image: MakeImage) -> None:
    picture = make_image("-a;$(touch x).png")
    dam("add-asset", "-j0", picture)
    for _ in range(2):
        opened = Path(dam("open", "1", "--json").json["path"])
        assert (desktop / "opened").read_text() == str(opened)
        assert opened.name == picture.name
        assert opened.read_bytes() == picture.read_bytes()
        assert opened.stat().st_mode & 0o777 == 0o400
        assert opened.stat().st_nlink == 1
    assert Path(dam.env["HOME"], ".cache/dam/open").stat().st_mode & 0o777 == 0o700
    old = opened.parent
    os.utime(old, (1, 1))
    dam("add-asset", "-j0", make_image("b", seed=2, format="PNG"))
    assert Path(dam("open", "2", "--json").json["path"]).name == "b.png"
    assert not old.exists()


def test_what_cannot_be_opened(dam: Dam, desktop: Path, make_image: MakeImage) -> None:
    picture = make_image("a.png")
    dam("add-asset", "-j0", picture, "--mode", "reference")
    assert dam("open", "1", "--json").json["path"] == str(picture)
    (desktop / "xdg-open").write_text("#!/bin/sh\nexit 3\n")
    assert "exit code 3" in dam("open", "1", code=5).err
    (desktop / "xdg-open").unlink()
    done = dam("open", "1", code=5)
    assert "there is no desktop" in done.err
    assert str(picture) in done.err
    picture.unlink()
    assert "is gone" in dam("open", "1", code=3).err
