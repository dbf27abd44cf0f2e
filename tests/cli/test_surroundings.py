"""What is missing around a process: its working directory, a home, a folder for temporary files, locks."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dam

GONE = "the working directory was removed"


HERE = Path()
"""The working directory, whatever its path was."""


@pytest.fixture
def removed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that does not exist any more."""
    folder = tmp_path / "removed"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()


@pytest.mark.usefixtures("removed_folder")
def test_a_working_directory_that_was_removed(dam: Dam) -> None:
    (dam.folder / "a.txt").write_text("a")
    assert GONE in dam("add-asset", "-j0", "a.txt", cwd=HERE, code=5).err
    dam("add-asset", "-j0", dam.folder / "a.txt", cwd=HERE)
    assert dam("info", "--json", cwd=HERE).json["entities"] == 1


@pytest.mark.usefixtures("removed_folder")
@pytest.mark.parametrize("env", [{"DATABASE_URL": "sqlite:///relative.db"}, {"ASSET_STORAGE_PATH": "relative"}])
def test_relative_settings_without_a_working_directory(dam: Dam, env: dict[str, str]) -> None:
    assert GONE in dam("info", cwd=HERE, env=env, code=2).err


def test_a_user_without_a_home(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_data_dir", fail)
    del dam.env["DATABASE_URL"]
    del dam.env["HOME"]
    assert "set HOME, or DATABASE_URL" in dam("info", code=2).err


def test_a_file_system_without_locks(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    (dam.folder / "a.txt").write_text("a")
    monkeypatch.setattr("fcntl.flock", fail)
    for command in (["add-asset", "-j0", "a.txt"], ["backup"]):
        assert "mount the file system with locks" in dam(*command, code=5).err
    assert dam("info", "--json").json["entities"] == 0


@pytest.mark.sweep
def test_a_folder_for_temporary_files_that_is_missing(real_dam: Dam, make_image: Any) -> None:
    make_image("library/in/a.png")
    make_image("library/in/b.png", seed=2)
    done = real_dam("add-asset", "--json", "-j1", "in", env={"TMPDIR": str(real_dam.folder / "missing")})
    assert done.json_lines[-1]["summary"]["added"] == 2


def test_a_new_library_by_a_file_in_the_working_directory_is_told(fresh_dam: Dam, tmp_path: Path) -> None:
    """The file may be that of another project."""
    del fresh_dam.env["DATABASE_URL"]
    (fresh_dam.folder / "a.txt").write_text("a")
    (fresh_dam.folder / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/project.db\n")
    assert str(fresh_dam.folder / ".env") in fresh_dam("info", code=10).err
    assert str(fresh_dam.folder / ".env") in fresh_dam("add-asset", "-j0", "a.txt").err
    assert "new library" not in fresh_dam("add-asset", "-j0", "a.txt").err
