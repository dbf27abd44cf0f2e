"""`find-duplicates --print0 | xargs -0 rm` never removes the last copy of what is to be kept."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Dam, Finished

MakeImage = Callable[..., Path]


@pytest.fixture(params=["copy", "reference"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pair(dam: Dam, make_image: MakeImage, mode: str) -> tuple[Path, Path]:
    """The file of the asset to keep, and that of its duplicate."""
    keep, small = make_image("in/keep.png"), make_image("in/small.jpg", size=(100, 75))
    dam("add-asset", "-j0", keep.parent, "--mode", mode)
    return keep, small


def printed(dam: Dam, code: int = 0) -> Finished:
    return dam("find-duplicates", "--print0", code=code)


def spoil(path: Path, content: bytes | None) -> None:
    """Change the content of a file, and nothing else that can be seen."""
    before = path.stat()
    path.chmod(0o600)
    if content is None:
        path.unlink()
        return
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def kept_copy(dam: Dam, keep: Path, mode: str) -> Path:
    if mode == "reference":
        return keep
    sha256 = str(dam("find-file-by-hash", "--file", keep, "--json").json["matches"][0]["sha256"])
    return dam.store / sha256[:2] / sha256[2:4] / sha256


def test_a_sound_keeper(dam: Dam, pair: tuple[Path, Path]) -> None:
    assert printed(dam).out == f"{pair[1]}\0"


@pytest.mark.parametrize("damage", ["gone", "other bytes"])
def test_without_a_sound_keeper_no_path_is_printed(dam: Dam, pair: tuple[Path, Path], mode: str, damage: str) -> None:
    keep, small = pair
    copy = kept_copy(dam, keep, mode)
    spoil(copy, None if damage == "gone" else b"\0" * copy.stat().st_size)
    done = printed(dam, code=3)
    assert done.out == ""
    assert "entity 1: none of its duplicates is listed: " in done.err
    assert small.exists()


def test_a_keeper_that_a_link_stands_for(dam: Dam, pair: tuple[Path, Path], mode: str) -> None:
    copy = kept_copy(dam, pair[0], mode)
    if mode == "reference":
        pytest.skip("a source may be a link")
    copy.unlink()
    copy.symlink_to(pair[0])
    assert "symbolic link" in printed(dam, code=3).err


@pytest.mark.parametrize("mode", ["reference"], indirect=True)
def test_the_file_to_keep_is_not_printed_by_another_name(
    dam: Dam, pair: tuple[Path, Path], make_image: MakeImage
) -> None:
    """The duplicate was replaced by a link to the file to keep, with the size and time of what it was."""
    keep, small = pair
    third = make_image("in/third.jpg", size=(80, 60))
    dam("add-asset", "-j0", third, "--mode", "reference")
    before = small.stat()
    small.unlink()
    os.link(keep, small)
    os.utime(keep, ns=(before.st_atime_ns, before.st_mtime_ns))
    # Whatever was recorded of it

    with sqlite3.connect(dam.folder / "dam.sqlite3") as database:
        state = (keep.stat().st_size, keep.stat().st_mtime_ns, keep.stat().st_ino)
        database.execute(
            "UPDATE component_source_path SET size = ?, mtime_ns = ?, inode = ? WHERE filename = 'small.jpg'", state
        )
    assert printed(dam).out == f"{third}\0"
