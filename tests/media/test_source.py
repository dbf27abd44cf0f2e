"""Reading a source: regular files only, and a change while it is read is noticed."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from dam.core.errors import UnreadableFileError
from dam.media.files.source import chunks, open_source


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    with open_source(str(tmp_path / "a")) as (file, state):
        assert b"".join(chunks(file)) == b"x" * 3_000_000
    assert state.size == 3_000_000


@pytest.mark.parametrize("change", ["append", "shrink", "replace", "remove", "touch"])
def test_a_change_while_it_is_open_is_an_error(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    (tmp_path / "other").write_bytes(b"12345")
    changes: dict[str, Callable[[], object]] = {
        "append": lambda: path.write_bytes(b"123456"),
        "shrink": lambda: os.truncate(path, 1),
        "replace": lambda: (tmp_path / "other").replace(path),
        "remove": path.unlink,
        "touch": lambda: os.utime(path, ns=(1, 1)),
    }
    with pytest.raises(UnreadableFileError), open_source(str(path)):
        changes[change]()


def test_no_special_file_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(UnreadableFileError), open_source(str(path)):
            raise AssertionError("opened")


def test_a_missing_file_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"), open_source(str(tmp_path / "a")):
        raise AssertionError("opened")


class _Waiting(io.RawIOBase):
    """A file that has no data yet, as /proc/kmsg when it is opened without blocking."""

    def readinto(self, _buffer: object) -> None:
        return None


def test_a_file_that_would_wait_for_data_is_no_empty_one() -> None:
    with pytest.raises(BlockingIOError, match="has no end"):
        list(chunks(cast("BinaryIO", _Waiting())))
