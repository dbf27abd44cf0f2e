"""What dam writes is for its user alone, unless DAM_UMASK says otherwise; also in folders that exist already."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dam.core.config import load_settings
from dam.services.privacy import exposed, make_private
from tests.conftest import Dam

MakeImage = Callable[..., Path]


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def open_folder(fresh_dam: Dam, usual_umask: None) -> Dam:
    """A place for a library whose folders exist already, open to all."""
    del usual_umask
    fresh_dam.folder.chmod(0o755)
    fresh_dam.store.mkdir(mode=0o755)
    return fresh_dam


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fill(dam: Dam, make_image: MakeImage) -> None:
    secret = make_image("in/secret.png")
    secret.chmod(0o600)
    dam("add-asset", "-j1", secret)
    dam("thumbnail", "1")
    secret.with_name("a.txt").write_text("x" * 10)
    dam("add-asset", "-j0", secret.parent)


def written(dam: Dam) -> list[Path]:
    """All that dam has written: not the folders that were there."""
    return [*dam.store.rglob("*"), *dam.folder.glob("dam.sqlite3*")]


def test_everything_is_for_the_user_alone(open_folder: Dam, make_image: MakeImage) -> None:
    fill(open_folder, make_image)
    assert {path.name: oct(mode(path)) for path in written(open_folder) if mode(path) & 0o077} == {}
    assert mode(open_folder.store) == 0o700
    assert mode(open_folder.folder) == 0o755  # it is not dam's
    blob = next(open_folder.store.glob("??/??/*"))
    assert mode(blob) == 0o400


@pytest.mark.parametrize(("umask", "folder", "file"), [("027", 0o750, 0o640), ("007", 0o770, 0o660)])
def test_a_library_for_a_group(open_folder: Dam, make_image: MakeImage, umask: str, folder: int, file: int) -> None:
    open_folder.env["DAM_UMASK"] = umask
    fill(open_folder, make_image)
    assert {mode(path) for path in [open_folder.store, *written(open_folder)] if path.is_dir()} == {folder}
    assert {mode(path) for path in open_folder.store.glob("??/??/*")} == {0o440}
    assert {mode(path) for path in open_folder.folder.glob("dam.sqlite3*")} == {file}
    assert {mode(path) for path in open_folder.store.rglob("*.jpg")} == {file}
    assert open_folder("verify", "--content").code == 0


@pytest.mark.parametrize(("umask", "folder", "file"), [("027", 0o750, 0o640), ("077", 0o700, 0o600)])
def test_a_mirror_and_a_restored_database_are_for_whom_the_library_is(
    open_folder: Dam, make_image: MakeImage, umask: str, folder: int, file: int
) -> None:
    open_folder.env["DAM_UMASK"] = umask
    fill(open_folder, make_image)
    mirror, backup = open_folder.folder / "mirror", open_folder.folder / "backup"
    open_folder("store", "add", "usb", mirror)
    open_folder("store", "sync")
    assert {mode(path) for path in [mirror, *mirror.rglob("*")] if path.is_dir()} == {folder}
    assert {mode(path) for path in mirror.glob("??/??/*")} == {0o440 & file}
    assert {mode(path) for path in mirror.glob("manifest/*")} == {file}
    open_folder("backup", backup)
    (open_folder.folder / "dam.sqlite3").unlink()
    open_folder("restore", backup, "--yes")
    assert mode(open_folder.folder / "dam.sqlite3") == file


def test_the_group_bit_of_a_folder_stays(open_folder: Dam, make_image: MakeImage) -> None:
    open_folder.store.chmod(0o2755)
    open_folder.env["DAM_UMASK"] = "027"
    fill(open_folder, make_image)
    assert {mode(path) for path in open_folder.store.glob("??")} == {0o2750}


def test_setup_db_mends_what_is_open(open_folder: Dam, make_image: MakeImage) -> None:
    dam = open_folder
    fill(dam, make_image)
    for path in [dam.store, *written(dam)]:
        path.chmod(0o755 if path.is_dir() else 0o644 if "sqlite3" in path.name else 0o444)
    settings = load_settings(DATABASE_URL=dam.env["DATABASE_URL"])
    assert {each.path for each in exposed(settings)} >= {str(dam.folder / "dam.sqlite3"), str(dam.store)}
    dam("setup-db")
    assert exposed(settings) == []
    assert [path for path in written(dam) if mode(path) & 0o077] == []


def test_setup_db_opens_a_library_for_a_group_and_closes_it(open_folder: Dam, make_image: MakeImage) -> None:
    dam = open_folder
    fill(dam, make_image)
    for umask, blob in (("027", 0o440), ("077", 0o400)):
        dam("setup-db", env={"DAM_UMASK": umask})
        assert {mode(path) for path in dam.store.glob("??/??/*")} == {blob}


def test_the_source_of_a_hard_link_keeps_its_mode(open_folder: Dam, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("x")
    source.chmod(0o644)
    open_folder("add-asset", "-j0", source, "--mode", "hardlink")
    open_folder.store.chmod(0o755)
    open_folder("setup-db")
    assert mode(source) == 0o644
    assert mode(open_folder.store) == 0o700


@pytest.mark.parametrize("umask", ["777", "100", "8", "-1", "rw"])
def test_a_umask_that_is_none(fresh_dam: Dam, umask: str) -> None:
    assert "DAM_UMASK" in fresh_dam("setup-db", env={"DAM_UMASK": umask}, code=2).err


def test_what_cannot_be_mended_is_told(open_folder: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, os.strerror(1))

    open_folder("setup-db")
    open_folder.store.chmod(0o755)
    settings = load_settings(DATABASE_URL=open_folder.env["DATABASE_URL"])
    monkeypatch.setattr(os, "chmod", refuse)
    [left] = make_private(settings)
    assert (left.path, left.mode, left.wanted) == (str(open_folder.store), 0o755, 0o700)
