import os
import stat
from pathlib import Path

import pytest

from dam.core import durable


def test_every_new_level_is_flushed_from_the_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(durable, "flush", flushed.append)
    durable.make_folder(tmp_path / "a" / "b" / "c", mode=0o700)
    assert flushed == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    assert stat.S_IMODE((tmp_path / "a" / "b" / "c").stat().st_mode) == 0o700


def test_a_folder_that_is_there_is_flushed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it may have been killed before."""
    flushed: list[Path] = []
    monkeypatch.setattr(durable, "flush", flushed.append)
    durable.make_folder(tmp_path)
    assert flushed == [tmp_path.parent]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        durable.make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        durable.make_folder(tmp_path / "file" / "folder")


def test_a_parent_that_cannot_be_read_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(durable, "flush", refuse)
    durable.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
