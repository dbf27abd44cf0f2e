"""Walking: a stable order, and nothing opened that is no file."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dam.core.errors import UsageError
from dam.media.files.selection import Selection
from dam.media.files.walk import MAX_BATCH, FoundFile, UnreadPath, walk, walk_batches


def walked(*paths: Path | str) -> list[FoundFile | UnreadPath]:
    return list(walk(map(str, paths)))


def names(items: list[FoundFile | UnreadPath], folder: Path) -> list[str]:
    return [str(Path(item.path).relative_to(folder)) for item in items]


def make(folder: Path, *files: str) -> None:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


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
    assert [(Path(item.path).name, item.reason, item.skipped) for item in inside if isinstance(item, UnreadPath)] == [
        ("fifo", "is a FIFO", True),
        ("link", "is a symbolic link", True),
        ("loop", "is a symbolic link", True),
        ("socket", "is a socket", True),
    ]
    alone = walked(tmp_path / "fifo", tmp_path / "loop", tmp_path / "socket", "/dev/null")
    assert [item.skipped for item in alone if isinstance(item, UnreadPath)] == [False] * 4


def test_a_link_as_argument_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "folder/a")
    (tmp_path / "link").symlink_to("folder")
    assert names(walked(tmp_path / "link"), tmp_path) == ["link/a"]


@pytest.mark.parametrize("path", ["", "nul\0byte", "x" * 300, "/nonexistent/a", "/dev/null/a"])
def test_a_path_that_names_nothing_is_reported(path: str) -> None:
    [item] = walked(path)
    assert isinstance(item, UnreadPath)
    assert item.reason
    assert not item.skipped


def test_what_is_left_out_is_not_entered(tmp_path: Path) -> None:
    make(tmp_path, "in/a", "out/b", "c")
    found = walk([str(tmp_path)], exclude=lambda path, _status: path.endswith(("out", "c")))
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


def test_a_very_deep_tree(tmp_path: Path) -> None:
    """Deeper than Python may recurse: made and removed a level at a time."""
    os.mkdir(tmp_path / "in")
    path = str(tmp_path / "in")
    for _ in range(1500):
        path += "/d"
        os.mkdir(path)
    Path(path, "a").write_text("a")
    assert [item.path for item in walked(tmp_path / "in")] == [f"{path}/a"]
    os.unlink(f"{path}/a")
    while path != str(tmp_path / "in"):
        os.rmdir(path)
        path = path.removesuffix("/d")


@pytest.mark.parametrize("count", [15_000, pytest.param(100_000, marks=pytest.mark.sweep)])
def test_a_folder_of_many_files(tmp_path: Path, count: int) -> None:
    """Links cost less than files; the walk tells them apart by name alone."""
    (tmp_path / "in").mkdir()
    folder = os.open(tmp_path / "in", os.O_RDONLY)
    for number in range(count):
        if number % 20_000 == 0:
            first = f"{number:06}"
            os.close(os.open(first, os.O_CREAT | os.O_WRONLY, dir_fd=folder))
        else:
            os.link(first, f"{number:06}", src_dir_fd=folder, dst_dir_fd=folder)
    os.close(folder)
    items = walked(tmp_path / "in")
    assert len(items) == count
    assert items == sorted(items, key=lambda item: item.path)


def selected(folder: Path, **rules: Any) -> list[str]:
    """The names of what is taken, and of what is skipped, in brackets."""
    found = list(walk([str(folder)], Selection(**rules)))
    subject_paths = [str(Path(item.path).relative_to(folder)) for item in found]
    return [
        name if isinstance(item, FoundFile) else f"[{name}]" for name, item in zip(subject_paths, found, strict=True)
    ]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    make(
        tmp_path, "a.jpg", "b.txt", ".hidden", ".git/config", "raw/a.jpg", "raw/keep/a.jpg", "raw/b.txt", "x/raw/c.jpg"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"include": ["*.jpg"]}, ["a.jpg", "raw/a.jpg", "raw/keep/a.jpg", "x/raw/c.jpg"]),
        ({"include": ["/*.jpg"]}, ["a.jpg"]),
        ({"include": ["raw/"]}, ["raw/a.jpg", "raw/b.txt", "raw/keep/a.jpg", "x/raw/c.jpg"]),
        ({"include": ["/raw/"]}, ["raw/a.jpg", "raw/b.txt", "raw/keep/a.jpg"]),
        ({"include": ["raw/**/a.jpg"]}, ["raw/a.jpg", "raw/keep/a.jpg"]),
        ({"include": ["*.jpg", "!a.jpg"]}, ["x/raw/c.jpg"]),
        ({"exclude": ["*.jpg", ".*"]}, ["b.txt", "raw/b.txt"]),
        ({"exclude": [".*", "raw"]}, ["a.jpg", "b.txt"]),
        ({"exclude": [".*", "/raw"]}, ["a.jpg", "b.txt", "x/raw/c.jpg"]),
        ({"exclude": [".*", "*.jpg", "!c.jpg"]}, ["b.txt", "raw/b.txt", "x/raw/c.jpg"]),
        # As git has it: what is in a folder that is left out cannot be had back.
        ({"exclude": [".*", "raw/", "!raw/keep/"]}, ["a.jpg", "b.txt"]),
        ({"exclude": [".*", "/raw/*", "!/raw/keep/", "x"]}, ["a.jpg", "b.txt", "raw/keep/a.jpg"]),
        ({"include": ["*.jpg"], "exclude": ["keep", "x"]}, ["a.jpg", "raw/a.jpg"]),
        ({"hidden": False, "exclude": ["raw"]}, ["a.jpg", "b.txt"]),
        ({"include": [".*"]}, [".hidden", ".git/config"]),
        ({"include": ["# no pattern", ""]}, []),
    ],
)
def test_what_is_taken(tree: Path, rules: dict[str, Any], expected: list[str]) -> None:
    assert selected(tree, **rules) == expected


def test_a_file_that_is_named_is_taken_whatever_the_rules(tree: Path) -> None:
    selection = Selection(include=["*.txt"], exclude=["*.jpg"], hidden=False)
    found = walk([str(tree / "a.jpg"), str(tree / ".hidden")], selection)
    assert names(list(found), tree) == ["a.jpg", ".hidden"]


def test_names_that_are_not_utf8_meet_patterns(tmp_path: Path) -> None:
    make(tmp_path, os.fsdecode(b"\xff.jpg"), os.fsdecode(b"\xfe/x.txt"))
    assert len(selected(tmp_path, include=["*.jpg"])) == 1
    assert len(selected(tmp_path, exclude=["*.jpg"])) == 1


def test_what_is_left_out_by_name_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert selected(tmp_path) == ["[link]", "[pipe]"]
    assert selected(tmp_path, exclude=["link", "pipe"]) == []


def test_links_are_followed_when_asked(tmp_path: Path) -> None:
    make(tmp_path, "in/b/file", "other/x/a")
    (tmp_path / "in/file").symlink_to("b/file")
    (tmp_path / "in/folder").symlink_to(tmp_path / "other")
    assert selected(tmp_path / "in", follow_links=True) == ["file", "b/file", "folder/x/a"]
    assert selected(tmp_path / "in") == ["[file]", "[folder]", "b/file"]


def test_loops_end(tmp_path: Path) -> None:
    make(tmp_path, "in/a/b/file")
    (tmp_path / "in/a/b/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/self").symlink_to("self")
    (tmp_path / "in/z").symlink_to(".")
    assert selected(tmp_path / "in", follow_links=True) == ["[self]", "[z]", "a/b/file", "[a/b/up]"]


def test_one_file_system(tmp_path: Path, mount: Callable[..., None]) -> None:
    make(tmp_path, "in/a", "in/other/hidden", "in/z")
    mount("-t", "tmpfs", "tmpfs", tmp_path / "in/other")
    make(tmp_path, "in/other/b", "in/other/deep/c")
    assert selected(tmp_path / "in") == ["a", "z", "other/b", "other/deep/c"]
    assert selected(tmp_path / "in", one_file_system=True) == ["a", "[other]", "z"]
    assert selected(tmp_path / "in/other", one_file_system=True) == ["b", "deep/c"]


def test_a_pattern_that_cannot_be_understood(tree: Path) -> None:
    with pytest.raises(UsageError, match="pattern"):
        selected(tree, exclude=["!"])


def test_what_one_list_names_comes_together_and_nothing_waits_for_the_next_list(tmp_path: Path) -> None:
    for name in ("a", "b", "in/c", "d", "e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    taken = []

    def lists() -> Iterator[list[str]]:
        for names in (["a", "b", "in", "d", "missing"], [], ["e"]):
            taken.append(names)
            yield [str(tmp_path / name) for name in names]

    batches = []
    for folder, found in walk_batches(lists()):
        batches.append((folder, [Path(item.path).name for item in found], len(taken)))
    assert batches == [
        (None, ["a", "b"], 1),
        (str(tmp_path / "in"), ["c"], 1),
        (None, ["d", "missing"], 1),
        (None, ["e"], 3),
    ]


def test_a_long_list_comes_in_groups(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    batches = walk_batches([[str(tmp_path / "a")] * (2 * MAX_BATCH + 1)])
    assert [len(batch.entries) for batch in batches] == [MAX_BATCH, MAX_BATCH, 1]


def test_many_asterisks_take_no_longer_than_one() -> None:
    selection = Selection(include=["*" * 100 + "x"])
    assert selection.takes_file("a" * 100 + "x", "")
    assert not selection.takes_file("a" * 100, "")
