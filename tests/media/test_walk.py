"""Walking: a stable order, and nothing opened that is no file."""

import os
import socket
from pathlib import Path

import pytest

from dam.media.walk import Found, NotRead, walk


def walked(*paths: Path | str) -> list[Found | NotRead]:
    return list(walk(map(str, paths)))


def names(items: list[Found | NotRead], folder: Path) -> list[str]:
    return [str(Path(item.path).relative_to(folder)) for item in items]


def make(folder: Path, *files: str) -> None:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_files_before_folders_in_the_order_of_their_names(tmp_path: Path) -> None:
    make(tmp_path, "b/z", "b/a/y", "c", "a", "b.txt", "B", "-")
    assert names(walked(tmp_path), tmp_path) == ["-", "B", "a", "b.txt", "c", "b/z", "b/a/y"]


def test_arguments_keep_their_order(tmp_path: Path) -> None:
    make(tmp_path, "b", "a")
    assert names(walked(tmp_path / "b", tmp_path / "a"), tmp_path) == ["b", "a"]


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a")
    monkeypatch.chdir(tmp_path)
    assert [item.path for item in walked("a", ".")] == [str(tmp_path / "a")] * 2


def test_specials_are_skipped_in_a_folder_and_failures_as_arguments(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    inside = walked(tmp_path)
    assert [(Path(item.path).name, item.reason, item.skipped) for item in inside if isinstance(item, NotRead)] == [
        ("fifo", "is a FIFO", True),
        ("link", "is a symbolic link", True),
        ("loop", "is a symbolic link", True),
        ("socket", "is a socket", True),
    ]
    alone = walked(tmp_path / "fifo", tmp_path / "loop", tmp_path / "socket", "/dev/null")
    assert [item.skipped for item in alone if isinstance(item, NotRead)] == [False] * 4


def test_a_link_as_argument_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "folder/a")
    (tmp_path / "link").symlink_to("folder")
    assert names(walked(tmp_path / "link"), tmp_path) == ["link/a"]


@pytest.mark.parametrize("path", ["", "nul\0byte", "x" * 300, "/nonexistent/a", "/dev/null/a"])
def test_a_path_that_names_nothing_is_reported(path: str) -> None:
    [item] = walked(path)
    assert isinstance(item, NotRead)
    assert item.reason
    assert not item.skipped


def test_what_is_left_out_is_not_entered(tmp_path: Path) -> None:
    make(tmp_path, "in/a", "out/b", "c")
    found = walk([str(tmp_path)], leave_out=lambda path, _status: path.endswith(("out", "c")))
    assert names(list(found), tmp_path) == ["in/a"]


def test_names_are_bytes_in_the_end(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff\xfe\n.jpg"
    Path(os.fsdecode(raw)).write_text("x")
    [item] = walked(tmp_path)
    assert os.fsencode(item.path) == raw


def test_a_deep_tree(tmp_path: Path) -> None:
    path = tmp_path
    for _ in range(200):
        path /= "d"
    make(path, "a")
    assert len(walked(tmp_path)) == 1
