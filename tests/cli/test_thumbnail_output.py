"""thumbnail -o: nothing is replaced unless it is asked for, and what the library has never."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Dam


@pytest.fixture
def picture(dam: Dam, make_image: Callable[..., Path]) -> Path:
    """A picture that is asset 1, and has a cached thumbnail."""
    path = make_image("in/picture.png")
    dam("add-asset", "-j0", path)
    dam("thumbnail", "1")
    return path


@pytest.mark.usefixtures("picture")
@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.webp", "WEBP"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG")]
)
def test_the_name_tells_the_format(dam: Dam, tmp_path: Path, name: str, kind: str) -> None:
    dam("thumbnail", "1", "--size", "64", "-o", tmp_path / name)
    with Image.open(tmp_path / name) as made:
        assert (made.format, made.size) == (kind, (64, 48))


@pytest.mark.usefixtures("picture")
@pytest.mark.parametrize("name", ["a.gif", "a", "a.png.txt"])
def test_another_name_is_refused(dam: Dam, tmp_path: Path, name: str) -> None:
    assert ".jpg, .jpeg, .png or .webp" in dam("thumbnail", "1", "-o", tmp_path / name, code=2).err
    assert not (tmp_path / name).exists()


@pytest.mark.usefixtures("picture")
def test_an_existing_file_needs_force(dam: Dam, tmp_path: Path) -> None:
    mine = tmp_path / "mine.jpg"
    mine.write_text("mine")
    assert "--force" in dam("thumbnail", "1", "-o", mine, code=2).err
    assert mine.read_text() == "mine"
    dam("thumbnail", "1", "-o", mine, "--force")
    assert mine.read_bytes().startswith(b"\xff\xd8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.usefixtures("picture")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_is_not_followed(dam: Dam, tmp_path: Path, *, is_there: bool) -> None:
    target, link = tmp_path / "target.jpg", tmp_path / "link.jpg"
    if is_there:
        target.write_text("mine")
    link.symlink_to(target)
    dam("thumbnail", "1", "-o", link, code=2)
    assert link.is_symlink()
    dam("thumbnail", "1", "-o", link, "--force")
    assert not link.is_symlink()
    assert target.exists() == is_there
    assert not is_there or target.read_text() == "mine"


@pytest.mark.parametrize("what", ["source", "source by another folder", "blob", "database", "folder"])
def test_what_is_the_librarys_is_not_replaced(dam: Dam, picture: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "other").symlink_to(picture.parent)
    blob = next(dam.store.glob("??/??/*"))
    output = {
        "source": picture,
        "source by another folder": tmp_path / "other" / picture.name,
        "blob": blob.with_name(f"{blob.name}.png"),
        "database": dam.folder / "dam.sqlite3",
        "folder": tmp_path / "other",
    }[what]
    before = picture.read_bytes()
    refused = dam("thumbnail", "1", "-o", output, "--force", code=2)
    assert refused.err
    assert picture.read_bytes() == before
    dam("verify", "--content")


def test_a_source_by_another_mount_is_not_replaced(
    dam: Dam, picture: Path, tmp_path: Path, mount: Callable[..., None]
) -> None:
    (tmp_path / "other").mkdir()
    mount("--bind", picture.parent, tmp_path / "other")
    before = picture.read_bytes()
    assert "source" in dam("thumbnail", "1", "-o", tmp_path / "other" / picture.name, "--force", code=2).err
    assert picture.read_bytes() == before


@pytest.mark.usefixtures("picture")
def test_a_pipe_and_a_device_are_written_to(dam: Dam, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        dam("thumbnail", "1", "-o", tmp_path / "pipe")
        assert reader.communicate()[0].startswith(b"\xff\xd8")
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "null.png").symlink_to("/dev/null")
    dam("thumbnail", "1", "-o", tmp_path / "null.png")
    assert Path("/dev/null").is_char_device()
